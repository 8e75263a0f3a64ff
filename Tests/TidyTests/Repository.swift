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
        let imports: [String]

        init(path: String, text: String) {
            self.path = path
            self.text = text
            // The cheap question first: a pattern on every line of the package takes a minute.
            imports = text.split(separator: "\n").compactMap { line in
                guard let end = line.firstRange(of: "import ")?.upperBound,
                    line.prefix(while: { $0 != "(" }).firstMatch(of: Self.declaration) != nil
                else { return nil }
                return String(line[end...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            }
        }

        nonisolated(unsafe) private static let declaration = /^(?:@\w+ )*(?:\w+ )?import \w/
    }

    /// The sources below a folder.
    static func files(under folder: String) -> [File] {
        sources.filter { $0.path.hasPrefix(folder + "/") }
    }

    /// All files below a folder with one of the extensions, in order of path.
    private static func load(_ folder: String, _ extensions: Set<String> = ["swift"]) -> [File] {
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

    static let sources = load("Sources")
    static let tests = load("Tests")
    /// Markdown for people; the golden data's own notes are not ours.
    static let documents =
        load("docs", ["md"]) + ["README.md", "CONTRIBUTING.md"].compactMap { file($0) }
}
