import OCISpec

/// The image-spec's descriptor, where LinuxSystem's file descriptors are near.
typealias BlobDescriptor = OCISpec.Descriptor
