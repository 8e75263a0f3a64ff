import ByteCoding
import SecureShell
import SystemCalls

/// What a private key file says about itself without being opened: enough to refuse what cannot
/// work before anything is connected, with a reason that helps.
struct PrivateKeyFile {
    let kind: String?
    let isEncrypted: Bool

    /// Longest file that is looked at.
    static let byteLimit = 64 << 10

    /// Reads it and refuses what libssh2 cannot use.
    static func inspect(
        _ path: String, passphrase: String?
    ) throws(RemoteError.IdentityProblem) -> PrivateKeyFile {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: byteLimit)
        } catch {
            throw .unreadable(error)
        }
        guard let file = PrivateKeyFile(String(decoding: bytes, as: UTF8.self)) else {
            throw .notAKey
        }
        if let kind = file.kind, !HostKey.kinds.contains(kind) {
            throw kind.contains("rsa") ? .rsa : .otherKind(kind)
        }
        if file.isEncrypted, passphrase == nil { throw .encrypted }
        return file
    }

    /// Nil for what is no private key.
    init?(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.first, first.hasPrefix("-----BEGIN "),
            first.hasSuffix("PRIVATE KEY-----")
        else { return nil }
        switch first.dropFirst(11).dropLast(16) {
        case "OPENSSH ":
            let body = lines.dropFirst().prefix { !$0.hasPrefix("-----") }.joined()
            guard let bytes = Base64.decode(body) else { return nil }
            self.init(openSSH: bytes)
        case "RSA ": self.init(kind: "ssh-rsa", isEncrypted: false)
        case "DSA ": self.init(kind: "ssh-dss", isEncrypted: false)
        case "EC ":
            self.init(kind: nil, isEncrypted: lines.contains { $0.contains("ENCRYPTED") })
        case "": self.init(kind: nil, isEncrypted: false)
        case "ENCRYPTED ": self.init(kind: nil, isEncrypted: true)
        default: return nil
        }
    }

    private init(kind: String?, isEncrypted: Bool) {
        self.kind = kind
        self.isEncrypted = isEncrypted
    }

    /// OpenSSH's own form keeps the public key in the clear, also when the rest is encrypted.
    private init?(openSSH bytes: [UInt8]) {
        let magic = Array("openssh-key-v1".utf8) + [0]
        guard bytes.starts(with: magic) else { return nil }
        var fields = SSHFields(Array(bytes.dropFirst(magic.count)))
        guard let cipher = fields.text(), fields.bytes() != nil, fields.bytes() != nil,
            fields.number() == 1, let key = fields.bytes().flatMap(HostKey.init(bytes:))
        else { return nil }
        self.init(kind: key.kind, isEncrypted: cipher != "none")
    }
}
