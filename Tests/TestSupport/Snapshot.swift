public import Foundation
public import Testing

/// Texts that people read, kept beside the tests and compared whole.
public enum Snapshot {
    /// Set to write the snapshots instead of comparing them; read the difference before
    /// committing it.
    public static let updateVariable = "UPDATE_SNAPSHOTS"

    public static var isUpdating: Bool {
        ProcessInfo.processInfo.environment[updateVariable] != nil
    }

    /// Compares a text with `Snapshots/<name>` beside the test's source file.
    public static func expect(
        _ text: String, matches name: String, beside source: String = #filePath,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let folder = URL(filePath: source).deletingLastPathComponent()
        try expect(text, matches: folder.appending(path: "Snapshots/\(name)"), at: location)
    }

    /// Compares a text with a file.
    public static func expect(
        _ text: String, matches file: URL, at location: SourceLocation = #_sourceLocation
    ) throws {
        if isUpdating {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            return
        }
        let kept = try String(decoding: Data(contentsOf: file), as: UTF8.self)
        guard kept != text else { return }
        let pairs = zip(
            kept.split(separator: "\n", omittingEmptySubsequences: false),
            text.split(separator: "\n", omittingEmptySubsequences: false))
        let firstDifference = pairs.enumerated().first { $0.element.0 != $0.element.1 }
        let line = firstDifference.map {
            "line \($0.offset + 1): `\($0.element.0)` is now `\($0.element.1)`"
        }
        Issue.record(
            """
            \(file.lastPathComponent) differs: \(line ?? "one text is longer than the other"). \
            Run the tests with \(updateVariable)=1 to accept, and read the difference.
            """,
            sourceLocation: location)
    }
}
