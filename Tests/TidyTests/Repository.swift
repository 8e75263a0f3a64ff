import Foundation

/// The files of this repository, as the tidy rules look at them.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    struct File: Sendable, CustomStringConvertible {
        /// Relative to the root.
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var description: String { path }

        /// Modules named by import declarations.
        var imports: [String] {
            lines.compactMap { line in
                guard let match = line.firstMatch(of: /^(?:@\w+ )*(?:\w+ )?import (\w+)/) else {
                    return nil
                }
                return String(match.1)
            }
        }
    }

    /// All files below a folder with one of the extensions, in order of path.
    static func files(under folder: String, _ extensions: Set<String> = ["swift"]) -> [File] {
        let base = root.appending(path: folder)
        let found = FileManager.default.enumerator(
            at: base, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
        var files: [File] = []
        while let url = found?.nextObject() as? URL {
            guard extensions.contains(url.pathExtension), let file = file(at: url) else { continue }
            files.append(file)
        }
        return files.sorted { $0.path < $1.path }
    }

    static func file(_ path: String) -> File? { file(at: root.appending(path: path)) }

    private static func file(at url: URL) -> File? {
        guard let data = try? Data(contentsOf: url) else { return nil }
        let path = String(url.path.dropFirst(root.path.count).drop { $0 == "/" })
        return File(path: path, text: String(decoding: data, as: UTF8.self))
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    static let sources = files(under: "Sources")
    static let tests = files(under: "Tests")
    /// Markdown for people; the golden data's own notes are not ours.
    static let documents =
        files(under: "docs", ["md"]) + ["README.md", "CONTRIBUTING.md"].compactMap { file($0) }
}
