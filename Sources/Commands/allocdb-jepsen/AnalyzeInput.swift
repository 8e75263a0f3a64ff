import CommandDescriptions
import History
import Interchange
import SystemCalls

/// The histories that a command line names: files, bundles, what lies in folders, and what comes
/// from standard input.
struct AnalyzeInput {
    struct File: Sendable {
        /// How it is named in the output.
        let shown: String
        /// What is read: a file, or a bundle's folder.
        let given: String
        /// Why there is nothing to read.
        var problem: String?
    }

    private(set) var files: [File] = []
    /// Where standard input was put, to be read as often as it takes.
    private var spool: String?

    /// Most that is taken from standard input, in bytes.
    static let spoolLimit = 1 << 40

    /// Throws only when standard input is named twice, or cannot be put anywhere.
    init(_ given: [String]) throws {
        for path in given {
            if path == "-" {
                guard spool == nil else {
                    throw UsageError.contradiction("standard input can be read once; name `-` once")
                }
                let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-jepsen-input-")
                spool = folder
                let copy = Path.join(folder, "history")
                do {
                    try Self.copyStandardInput(to: copy)
                } catch {
                    clear()
                    throw error
                }
                files.append(File(shown: "standard input", given: copy))
            } else {
                files += Self.files(of: path)
            }
        }
    }

    /// Removes what standard input was put into.
    func clear() {
        // What stays in the folder for temporary files is removed with it.
        if let spool { try? FileSystem.removeTree(spool) }
    }

    private static func copyStandardInput(to path: String) throws {
        let input = try FileSystem.open("/dev/stdin", .readOnly)
        let output = try FileSystem.open(path, .replace)
        var total = 0
        while true {
            let piece = try input.read(atMost: 1 << 20)
            if piece.isEmpty { return }
            total += piece.count
            guard total <= spoolLimit else {
                throw UsageError.contradiction(
                    "standard input is longer than \(spoolLimit) bytes; name a file instead")
            }
            try output.writeAll(piece)
        }
    }

    // MARK: - Folders

    private static func files(of path: String) -> [File] {
        guard isFolder(path), !isBundle(path) else { return [File(shown: path, given: path)] }
        var found: [File] = []
        do throws(SystemError) {
            try search(path, into: &found)
        } catch {
            return [File(shown: path, given: path, problem: "\(error)")]
        }
        return found.isEmpty
            ? [File(shown: path, given: path, problem: "the folder holds no history")] : found
    }

    /// Symbolic links are followed where they are named, not inside.
    private static func isFolder(_ path: String) -> Bool {
        let resolved = (try? FileSystem.resolve(path)) ?? path
        return (try? FileSystem.facts(resolved))?.kind == .folder
    }

    private static func isBundle(_ folder: String) -> Bool {
        FileSystem.exists(Path.join(folder, "history.record"))
    }

    private static func search(_ folder: String, into found: inout [File]) throws(SystemError) {
        for name in try FileSystem.list(folder) {
            let path = Path.join(folder, name)
            switch try FileSystem.facts(path)?.kind {
            case .folder where isBundle(path): found.append(File(shown: path, given: path))
            case .folder: try search(path, into: &found)
            case .file where isHistory(path): found.append(File(shown: path, given: path))
            case .file, .symbolicLink, .other, nil: break
            }
        }
    }

    /// Told by the first bytes, and for texts of any kind by the name as well: much else lies in
    /// folders.
    private static func isHistory(_ path: String) -> Bool {
        guard let form = try? HistoryForm.of(path) else { return false }
        switch form {
        case .record: return true
        case .jsonLines: return path.hasSuffix(".jsonl")
        case .edn: return path.hasSuffix(".edn")
        case .text:
            let start = (try? FileSystem.open(path, .readOnly).read(atMost: 4096)) ?? []
            return start.drop { $0 <= 0x20 }.starts(with: "version=".utf8)
        }
    }
}
