import ByteCoding
import SystemCalls

/// The keys of SSH between this user and all guests: made once, and part of every image.
public struct GuestKeys: Sendable {
    /// Private key of the user, in OpenSSH's form; the public one lies beside it.
    public let userKey: String
    /// Private key of the guests, in OpenSSH's form; the public one lies beside it.
    public let hostKey: String

    /// Finds the keys in a folder, or makes them there.
    init(in folder: String) throws(GuestImageError) {
        userKey = Path.join(folder, "id_ed25519")
        hostKey = Path.join(folder, "host_ed25519")
        do throws(SystemError) {
            try FileSystem.createFolders(folder)
        } catch {
            throw .system(during: "making the folder of keys", error)
        }
        for (path, comment) in [(userKey, "allocdb-jepsen"), (hostKey, "allocdb-guest")]
        where !FileSystem.exists(path) {
            _ = try Tool.run(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path],
                in: folder)
        }
    }

    /// What a guest accepts users by.
    func authorizedKeys() throws(GuestImageError) -> [UInt8] { try Self.read(userKey + ".pub") }

    /// What `known_hosts` says of a host of that name.
    public func knownHost(_ name: String) throws(GuestImageError) -> String {
        "\(name) " + String(decoding: try Self.read(hostKey + ".pub"), as: UTF8.self)
    }

    /// The key of the guests in the form that dropbear reads.
    func dropbearHostKey() throws(GuestImageError) -> [UInt8] {
        let text = String(decoding: try Self.read(hostKey), as: UTF8.self)
        guard let key = OpenSSHPrivateKey(text) else {
            throw .unusable(path: hostKey, reason: "it is no Ed25519 key of OpenSSH without a word")
        }
        return key.dropbearForm
    }

    private static func read(_ path: String) throws(GuestImageError) -> [UInt8] {
        do throws(SystemError) {
            return try FileSystem.read(path, limit: 64 << 10)
        } catch {
            throw .system(during: "reading a key", error)
        }
    }
}

/// An Ed25519 key that no pass phrase protects, out of a file of OpenSSH's (PROTOCOL.key).
struct OpenSSHPrivateKey {
    /// Private half and public half, 32 bytes each.
    let halves: [UInt8]

    private static let keyType = "ssh-ed25519"

    init?(_ text: String) {
        let lines = text.split(separator: "\n")
        guard lines.first == "-----BEGIN OPENSSH PRIVATE KEY-----", lines.count > 2,
            let bytes = Base64.decode(lines.dropFirst().dropLast().joined())
        else { return nil }
        let magic = Array("openssh-key-v1\0".utf8)
        guard bytes.starts(with: magic) else { return nil }
        var reader = SSHReader(bytes[magic.count...])
        guard reader.text() == "none", reader.text() == "none", reader.bytes() != nil,
            reader.number() == 1, reader.bytes() != nil, let inner = reader.bytes()
        else { return nil }
        reader = SSHReader(inner)
        guard let check = reader.number(), reader.number() == check,
            reader.text() == Self.keyType, reader.bytes()?.count == 32,
            let halves = reader.bytes(), halves.count == 64
        else { return nil }
        self.halves = Array(halves)
    }

    /// The type and both halves, each behind its length.
    var dropbearForm: [UInt8] {
        Self.lengthed(Array(Self.keyType.utf8)) + Self.lengthed(halves)
    }

    private static func lengthed(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }
}

/// Numbers and texts as SSH writes them: highest byte first, texts behind their length.
private struct SSHReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func number() -> Int? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func bytes() -> ArraySlice<UInt8>? {
        guard let count = number(), count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func text() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }
}
