import ByteCoding
import Digests
import DurableFiles
import FoundationEssentials
public import JSONText
public import SystemCalls

/// `manifest.txt` of a bundle (validation.md 5). The reference has no reader for it, nor do we.
public struct ArtifactManifest: Hashable, Sendable {
    public var runID: String
    public var workload: String
    public var nemesis: String
    public var createdAtMillis: UInt64
    /// File name inside the bundle. The key is called `qemu_logs_archive` for every testbed.
    public var logsArchive: String?
    public var blockerCount: UInt64

    public init(
        runID: String, workload: String, nemesis: String, createdAtMillis: UInt64,
        logsArchive: String?, blockerCount: UInt64
    ) {
        self.runID = runID
        self.workload = workload
        self.nemesis = nemesis
        self.createdAtMillis = createdAtMillis
        self.logsArchive = logsArchive
        self.blockerCount = blockerCount
    }

    public var text: String {
        """
        version=1
        run_id=\(runID)
        workload=\(workload)
        nemesis=\(nemesis)
        created_at_millis=\(createdAtMillis)
        history_file=history.txt
        analysis_file=analysis.txt
        qemu_logs_archive=\(logsArchive ?? "none")
        blocker_count=\(blockerCount)

        """
    }
}

/// Fills the folder of one run's evidence. Every file is complete and on disk before it has its
/// name; `manifest.json` comes last and names all others with their SHA-256, so a bundle without
/// it, or with a file that differs, is not what the run left.
public struct BundleWriter: Sendable {
    public let folder: String
    public let createdAtMillis: UInt64
    private var files: [(name: String, bytes: Int, digest: String)] = []

    public static let manifestName = "manifest.json"
    public static let manifestFormat = "allocdb-jepsen bundle manifest"

    /// Creates `<output root>/<run id>-<ms>`.
    public init(outputRoot: String, runID: String) throws(BundleError) {
        createdAtMillis = WallClock.milliseconds
        folder = Path.join(outputRoot, "\(runID)-\(createdAtMillis)")
        do throws(SystemError) {
            try FileSystem.createFolders(folder)
        } catch {
            throw .system(error)
        }
    }

    /// A file as the manifest names it.
    static func entry(_ name: String, bytes: Int, digest: String) -> JSONText {
        .object([
            .init("name", .string(name)), .init("bytes", .number(bytes)),
            .init("sha256", .string(digest)),
        ])
    }

    public mutating func add(_ name: String, _ bytes: [UInt8]) throws(BundleError) {
        do throws(SystemError) {
            try DurableFiles.replace(Path.join(folder, name), with: bytes)
        } catch {
            throw .system(error)
        }
        files.append((name, bytes.count, try BundleDigest.of(bytes)))
    }

    public mutating func add(_ name: String, text: String) throws(BundleError) {
        try add(name, Array(text.utf8))
    }

    /// Adds the report page.
    public mutating func add(_ page: ReportPage) throws(BundleError) {
        let bytes: [UInt8]
        do throws(SHA256.Unavailable) {
            bytes = try page.bytes()
        } catch {
            throw .noDigests
        }
        try add(ReportPage.fileName, bytes)
    }

    /// Copies a file that does not change any more; larger ones than the limit are an error.
    public mutating func add(_ name: String, copyOf path: String) throws(BundleError) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: Self.fileLimit)
        } catch {
            throw .system(error)
        }
        try add(name, bytes)
    }

    /// Takes up a file that was written into the bundle's folder by somebody else and does not
    /// change any more.
    public mutating func addExisting(_ name: String) throws(BundleError) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(Path.join(folder, name), limit: Self.fileLimit)
        } catch {
            throw .system(error)
        }
        files.append((name, bytes.count, try BundleDigest.of(bytes)))
    }

    /// Largest file taken into a bundle.
    public static let fileLimit = 2 << 30

    /// Writes `manifest.json`: `facts` about the run, then every file.
    public func finish(_ facts: [JSONText.Member]) throws(BundleError) {
        let list = files.sorted { $0.name < $1.name }.map { file in
            Self.entry(file.name, bytes: file.bytes, digest: file.digest)
        }
        let head: [JSONText.Member] = [
            .init("format", .string(Self.manifestFormat)), .init("version", .number(1)),
            .init("created_at_millis", .number(createdAtMillis)),
        ]
        let manifest = JSONText.object(head + facts + [.init("files", .array(list))])
        do throws(SystemError) {
            try DurableFiles.replace(
                Path.join(folder, Self.manifestName), with: Array(manifest.indented.utf8))
        } catch {
            throw .system(error)
        }
    }
}

/// Why a bundle could not be written.
public enum BundleError: Error, Sendable, CustomStringConvertible {
    case system(SystemError)
    case noDigests

    public var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .noDigests: "libcrypto offers no SHA-256"
        }
    }
}

enum BundleDigest {
    static func of(_ bytes: [UInt8]) throws(BundleError) -> String {
        do {
            return Hexadecimal.encode(try SHA256.digest(of: bytes))
        } catch {
            throw .noDigests
        }
    }
}

/// Compares a bundle with its manifest.
public enum BundleVerification {
    private struct Manifest: Decodable {
        struct File: Decodable {
            let name: String
            let bytes: Int
            let sha256: String
        }
        let format: String
        let version: Int
        let files: [File]
    }

    /// The SHA-256 of a file, or nil when it cannot be read.
    public static func digest(ofFile path: String) -> String? {
        guard let bytes = try? FileSystem.read(path, limit: BundleWriter.fileLimit) else {
            return nil
        }
        return try? BundleDigest.of(bytes)
    }

    /// What is wrong with the bundle, one line each; empty when every file is there and is what
    /// the manifest says, and no other file is.
    public static func problems(of folder: String) -> [String] {
        let manifest: Manifest
        do {
            let bytes = try FileSystem.read(
                Path.join(folder, BundleWriter.manifestName), limit: 16 << 20)
            manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes))
        } catch {
            return ["\(BundleWriter.manifestName) cannot be read: \(error)"]
        }
        guard manifest.format == BundleWriter.manifestFormat, manifest.version == 1 else {
            return ["\(BundleWriter.manifestName) is of another format or version"]
        }
        var problems = manifest.files.compactMap { problem(of: $0, in: folder) }
        let known = Set(manifest.files.map(\.name) + [BundleWriter.manifestName])
        for name in (try? FileSystem.list(folder)) ?? [] where !known.contains(name) {
            problems.append("\(name): not in the manifest")
        }
        return problems
    }

    private static func problem(of file: Manifest.File, in folder: String) -> String? {
        // A manifest must not point out of its bundle.
        guard !file.name.isEmpty, !file.name.contains("/") else {
            return "\(file.name): not a file name"
        }
        do {
            let bytes = try FileSystem.read(
                Path.join(folder, file.name), limit: BundleWriter.fileLimit)
            if bytes.count != file.bytes {
                return "\(file.name): \(bytes.count) bytes, the manifest says \(file.bytes)"
            }
            let digest = try BundleDigest.of(bytes)
            return digest == file.sha256 ? nil : "\(file.name): its SHA-256 is \(digest)"
        } catch {
            return "\(file.name): \(error)"
        }
    }
}
