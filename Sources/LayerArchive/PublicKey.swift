import CCrypto

/// A public key that verifies signatures over SHA-256 (ECDSA, or RSA by PKCS #1 v1.5).
@safe public final class PublicKey {
  private let key: OpaquePointer

  /// Reads a key in PEM; nil for anything else.
  public init?(pem: [UInt8]) {
    let key = unsafe pem.withUnsafeBytes { bytes -> OpaquePointer? in
      guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
        return nil
      }
      defer { unsafe BIO_free(source) }
      return unsafe PEM_read_bio_PUBKEY(source, nil, nil, nil)
    }
    guard let key = unsafe key else { return nil }
    unsafe self.key = unsafe key
  }

  deinit { unsafe EVP_PKEY_free(key) }

  public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard let context = unsafe EVP_MD_CTX_new() else { return false }
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else {
      return false
    }
    return unsafe signature.withUnsafeBufferPointer { signature in
      unsafe message.withUnsafeBufferPointer { message in
        unsafe EVP_DigestVerify(
          context, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
      }
    }
  }
}
