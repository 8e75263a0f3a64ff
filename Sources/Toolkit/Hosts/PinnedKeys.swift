import DurableFiles
public import SecureShell
public import SystemCalls

/// The host keys of machines, as they were seen when these were prepared: lines
/// `ADDRESS KIND KEY` in a file beside the file of hosts. A machine that shows another key is not
/// spoken to.
public struct PinnedKeys: Sendable {
    public let path: String
    private var keys: [String: HostKey] = [:]

    static let fileLimit = 64 << 10

    /// The file of a file of hosts.
    public static func path(of hostsFile: String) -> String { hostsFile + ".keys" }

    /// A file that is not there holds no keys; one that cannot be understood is an error.
    public init(path: String) throws(HostsFile.Failure) {
        self.path = path
        guard FileSystem.exists(path) else { return }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: Self.fileLimit)
        } catch {
            throw HostsFile.Failure(description: "\(error)")
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() where !line.isEmpty {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let address = SocketAddress(String(words[0])),
                let key = HostKey(String(words[1]))
            else {
                throw HostsFile.Failure(
                    description: "\(path):\(number + 1): this is no address with a host key")
            }
            keys["\(address)"] = key
        }
    }

    public subscript(address: SocketAddress) -> HostKey? {
        get { keys["\(address)"] }
        set { keys["\(address)"] = newValue }
    }

    public func write() throws(SystemError) {
        let lines = keys.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
        try DurableFiles.replace(path, with: Array(lines.joined().utf8))
    }
}
