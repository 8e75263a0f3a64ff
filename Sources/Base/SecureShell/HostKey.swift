import ByteCoding
import Digests

/// The public key by which a server is known. It is pinned when a machine is prepared, and every
/// later connection is refused unless the server shows this very key.
public struct HostKey: Hashable, Sendable, CustomStringConvertible {
    /// As in the first column of a public key file, for example `ssh-ed25519`.
    public let kind: String
    /// The key as it crosses the wire.
    public let bytes: [UInt8]

    /// The kinds that can be used; RSA cannot (libssh2 signs and verifies it with SHA-1 only).
    public static let kinds = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    ]

    /// Nil when the bytes do not begin with the name of a kind.
    public init?(bytes: [UInt8]) {
        var reader = SSHFields(bytes)
        guard let kind = reader.text() else { return nil }
        self.kind = kind
        self.bytes = bytes
    }

    /// A key that no server has.
    package init(kind: String) {
        self.kind = kind
        bytes = []
    }

    /// Reads `ssh-ed25519 AAAA...`, with or without a comment: a line of a public key file.
    public init?(_ text: String) {
        let columns = text.split(whereSeparator: \.isWhitespace)
        guard columns.count >= 2, let bytes = Base64.decode(columns[1]),
            let key = HostKey(bytes: bytes), key.kind == columns[0]
        else { return nil }
        self = key
    }

    /// The form that is read again.
    public var description: String { "\(kind) \(Base64.encode(bytes))" }

    /// As `ssh-keygen -l` shows it.
    public var fingerprint: String {
        guard let digest = try? SHA256.digest(of: bytes) else { return "of unknown fingerprint" }
        return "SHA256:" + String(Base64.encode(digest).prefix { $0 != "=" })
    }
}

/// Reads the fields of SSH's packets and key files (RFC 4251, 5): lengths are in network order.
package struct SSHFields {
    private var reader: ByteReader

    package init(_ bytes: [UInt8]) {
        reader = ByteReader(bytes)
    }

    package mutating func number() -> UInt32? { (try? reader.readUInt32())?.byteSwapped }

    package mutating func bytes() -> [UInt8]? {
        guard let count = number(), count <= reader.remaining else { return nil }
        return try? reader.readBytes(Int(count))
    }

    package mutating func text() -> String? {
        bytes().map { String(decoding: $0, as: UTF8.self) }
    }

    package mutating func skip(_ count: Int) -> Bool { (try? reader.skip(count)) != nil }
}
