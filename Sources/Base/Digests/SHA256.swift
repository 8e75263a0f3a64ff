import CCrypto
import Glibc

/// SHA-256 of bytes and files, computed by libcrypto. A target of its own, so that only programs
/// that need digests link the library.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// libcrypto gave no context or no algorithm: memory ran out or the library is unusable.
    public struct Unavailable: Error, Sendable, CustomStringConvertible {
        public var description: String { "libcrypto offers no SHA-256" }
    }

    public init() throws(Unavailable) {
        guard let context = EVP_MD_CTX_new() else { throw Unavailable() }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw Unavailable()
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    public mutating func update(_ bytes: [UInt8]) throws(Unavailable) {
        let result = bytes.withUnsafeBytes { buffer in
            EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
        }
        guard result == 1 else { throw Unavailable() }
    }

    /// The 32 bytes of the digest.
    public consuming func finish() throws(Unavailable) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw Unavailable() }
        return digest
    }

    public static func digest(of bytes: [UInt8]) throws(Unavailable) -> [UInt8] {
        var hash = try SHA256()
        try hash.update(bytes)
        return try hash.finish()
    }
}
