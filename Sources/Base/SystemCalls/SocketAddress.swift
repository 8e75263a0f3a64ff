import CSystem

/// A numeric IPv4 or IPv6 address with a port. Host names are never resolved.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    public enum Host: Hashable, Sendable {
        case ipv4(UInt32)
        /// Most significant half first.
        case ipv6(UInt64, UInt64)
    }

    public let host: Host
    public let port: UInt16

    public init(host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// 127.0.0.1 with `port`; port 0 lets the system choose when binding.
    public static func loopback(port: UInt16 = 0) -> SocketAddress {
        SocketAddress(host: .ipv4(0x7f00_0001), port: port)
    }

    /// Parses `127.0.0.1:80` or `[::1]:80`; nil for everything else.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]"), host.utf8.count >= 2 {
            var bytes = [UInt8](repeating: 0, count: 16)
            guard csystem_parse_ipv6(String(host.dropFirst().dropLast()), &bytes) == 1 else {
                return nil
            }
            let halves = [bytes[..<8], bytes[8...]].map { half in
                half.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            self.init(host: .ipv6(halves[0], halves[1]), port: port)
        } else {
            var bytes = [UInt8](repeating: 0, count: 4)
            guard csystem_parse_ipv4(String(host), &bytes) == 1 else { return nil }
            self.init(host: .ipv4(bytes.reduce(0) { $0 << 8 | UInt32($1) }), port: port)
        }
    }

    /// The form `init?(_:)` reads; IPv6 in eight groups without abbreviation.
    public var description: String {
        switch host {
        case .ipv4: "\(host):\(port)"
        case .ipv6: "[\(host)]:\(port)"
        }
    }

    var isIPv6: Bool {
        switch host {
        case .ipv4: false
        case .ipv6: true
        }
    }

    /// The address in network order, 4 or 16 bytes.
    var hostBytes: [UInt8] {
        switch host {
        case .ipv4(let value): withUnsafeBytes(of: value.bigEndian) { Array($0) }
        case .ipv6(let high, let low):
            withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
        }
    }
}

extension SocketAddress.Host: CustomStringConvertible {
    /// Numbers; IPv6 in eight groups without abbreviation.
    public var description: String {
        switch self {
        case .ipv4(let value):
            [24, 16, 8, 0].map { String((value >> $0) & 255) }.joined(separator: ".")
        case .ipv6(let high, let low):
            [high, low].flatMap { half in
                [48, 32, 16, 0].map { String((half >> $0) & 0xffff, radix: 16) }
            }.joined(separator: ":")
        }
    }
}
