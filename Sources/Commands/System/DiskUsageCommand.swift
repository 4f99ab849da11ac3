import CommandLineKit
import Engine
import LinuxSystem
import Model

/// `system df`.
enum DiskUsageCommand {
  struct Options: Sendable {
    var format: String?
    var verbose = false
  }

  static let command = MartletCommand(
    "df", summary: "Show what images, containers and volumes take on the disk",
    usage: "[options]", description: "The figures are what du(1) finds.",
    examples: ["martlet system df -v"], positionals: .none, defaults: Options(),
    options: [
      .value("format", nil, \.format, "FORMAT", "json, or a Go template"),
      .flag("verbose", "v", \.verbose, "Show every image, container and volume"),
    ]
  ) { options, invocation in
    if options.verbose, options.format != nil {
      throw UsageError("cannot combine --format and --verbose flags")
    }
    let report = try MeasureDisk(try invocation.globals.context()).run()
    if options.verbose { return try showAll(report) }
    var listing = Listing("{{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}")
    listing.format = options.format
    let rows = [
      row(
        "Images", report.images.count, report.activeImages, report.imageBytes,
        report.reclaimableImageBytes),
      row(
        "Containers", report.containers.count, report.activeContainers, report.containerBytes,
        report.reclaimableContainerBytes),
      row(
        "Local Volumes", report.volumes.count, report.activeVolumes, report.volumeBytes,
        report.reclaimableVolumeBytes),
    ]
    try listing.print(rows)
    return 0
  }

  private static func row(
    _ type: String, _ total: Int, _ active: Int, _ size: Int64, _ reclaimable: Int64
  ) -> TemplateValue {
    let percent = size > 0 ? reclaimable * 100 / size : 0
    return .object([
      ("Type", .string(type)), ("Total", .int(Int64(total))), ("TotalCount", .int(Int64(total))),
      ("Active", .int(Int64(active))), ("RawSize", .int(size)),
      ("RawReclaimable", .int(reclaimable)), ("Size", .string(Human.size(size))),
      ("Reclaimable", .string("\(Human.size(reclaimable)) (\(percent)%)")),
    ])
  }

  private static func showAll(_ report: DiskReport) throws -> Int32 {
    try Output.write("Images space usage:\n\n" + images(report))
    try Output.write("\nContainers space usage:\n\n" + containers(report))
    try Output.write("\nLocal Volumes space usage:\n\n" + volumes(report))
    return 0
  }

  private static func images(_ report: DiskReport) -> String {
    var table = TextTable(headings: [
      "Repository", "Tag", "Image ID", "Created", "Size", "Shared size", "Unique size",
      "Containers",
    ])
    for image in report.images {
      let summary = image.summary
      let name = summary.names.first
      table.append([
        name?.name ?? "<none>", name?.tag ?? "<none>", summary.id.shortID,
        Human.ago(summary.created), Human.size(image.shared + image.unique),
        Human.size(image.shared), Human.size(image.unique), "\(summary.containers.count)",
      ])
    }
    return table.render()
  }

  private static func containers(_ report: DiskReport) -> String {
    var table = TextTable(headings: [
      "Container ID", "Image", "Command", "Local Volumes", "Size", "Created", "Status", "Names",
    ])
    for container in report.containers {
      let summary = container.summary
      table.append([
        String(summary.id.prefix(12)), summary.image, truncated(container.command, to: 20),
        "\(summary.volumes.count)", Human.size(container.size), Human.ago(summary.created),
        summary.status.word, summary.name,
      ])
    }
    return table.render()
  }

  private static func volumes(_ report: DiskReport) -> String {
    var table = TextTable(headings: ["Volume Name", "Links", "Size"])
    for volume in report.volumes {
      table.append([volume.name, "\(volume.links)", Human.size(volume.size)])
    }
    return table.render()
  }
}
