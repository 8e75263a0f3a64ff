import DurableFiles
public import SystemCalls

/// The file that says what machines a workspace was prepared for (testbeds.md 2.3): lines
/// `key=value`, from which everything else follows.
public struct QEMULayout: Hashable, Sendable {
    public static let fileName = "qemu-testbed-layout.txt"
    static let fileLimit = 64 << 10
    static let architectures = ["aarch64", "x86_64"]

    public var workspace: String
    public var architecture: String
    /// Where the base image came from; empty for one that was made here.
    public var imageURL: String
    /// The archive or disk that guests boot.
    public var imagePath: String
    /// The daemon in the guests.
    public var daemonPath: String

    public init(
        workspace: String, architecture: String = "x86_64", imageURL: String = "",
        imagePath: String, daemonPath: String
    ) {
        self.workspace = workspace
        self.architecture = architecture
        self.imageURL = imageURL
        self.imagePath = imagePath
        self.daemonPath = daemonPath
    }

    /// Why a text is no layout.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case missingField(String)
        case duplicateField(String)
        case invalidLine(String)
        case invalidValue(field: String, value: String)
        case unsupportedVersion(String)
        case system(SystemError)

        public var description: String {
            switch self {
            case .missingField(let name): "missing qemu-testbed field `\(name)`"
            case .duplicateField(let name): "duplicate qemu-testbed field `\(name)`"
            case .invalidLine(let line): "invalid qemu-testbed line `\(line)`"
            case .invalidValue(let name, let value): "invalid value for `\(name)`: `\(value)`"
            case .unsupportedVersion(let version):
                "unsupported qemu-testbed version `\(version)`"
            case .system(let error): "i/o error: \(error)"
            }
        }
    }

    public var text: String {
        """
        version=1
        workspace_root=\(workspace)
        arch=\(architecture)
        base_image_url=\(imageURL)
        base_image_path=\(imagePath)
        local_cluster_binary_path=\(daemonPath)

        """
    }

    public init(text: String) throws(Failure) {
        var fields: [Substring: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: true)
        where !line.allSatisfy(\.isWhitespace) {
            guard let equals = line.firstIndex(of: "=") else {
                throw .invalidLine(String(line))
            }
            let key = line[..<equals]
            guard fields[key] == nil else { throw .duplicateField(String(key)) }
            fields[key] = String(line[line.index(after: equals)...])
        }
        func field(_ name: String) throws(Failure) -> String {
            guard let value = fields[name[...]] else { throw .missingField(name) }
            return value
        }
        let version = try field("version")
        guard version == "1" else { throw .unsupportedVersion(version) }
        workspace = try field("workspace_root")
        architecture = try field("arch")
        guard Self.architectures.contains(architecture) else {
            throw .invalidValue(field: "arch", value: architecture)
        }
        imageURL = try field("base_image_url")
        imagePath = try field("base_image_path")
        daemonPath = try field("local_cluster_binary_path")
    }

    /// Of a workspace.
    public init(in workspace: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(
                Path.join(workspace, Self.fileName), limit: Self.fileLimit)
        } catch {
            throw .system(error)
        }
        try self.init(text: String(decoding: bytes, as: UTF8.self))
    }

    public func write() throws(SystemError) {
        try DurableFiles.replace(
            Path.join(workspace, Self.fileName), with: Array(text.utf8))
    }
}
