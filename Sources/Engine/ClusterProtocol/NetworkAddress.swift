/// A numeric IP address with a port, in the one spelling that layouts and status replies use:
/// `127.0.0.1:17001`, `[::1]:17001` (cluster-runner.md 3). Host names are not addresses.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    public enum Host: Hashable, Sendable {
        /// The four octets, most significant first.
        case ipv4(UInt32)
        /// The sixteen octets, most significant first, and the scope (0 for none).
        case ipv6(UInt128, scope: UInt32)
    }

    public var host: Host
    public var port: UInt16

    public init(host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Loopback of IPv4, where local clusters live.
    public static func loopback(port: UInt16) -> NetworkAddress {
        NetworkAddress(host: .ipv4(0x7f00_0001), port: port)
    }

    /// The address in `text`, or nil when it is none.
    public init?(_ text: some StringProtocol) {
        var cursor = AddressCursor(text.utf8)
        if let octets = cursor.attempt({ $0.readIPv4() }) {
            host = .ipv4(octets)
        } else {
            guard cursor.read(UInt8(ascii: "[")), let segments = cursor.readIPv6() else {
                return nil
            }
            var scope: UInt32 = 0
            if cursor.read(UInt8(ascii: "%")) {
                guard let number = cursor.readNumber(UInt32.self, radix: 10) else { return nil }
                scope = number
            }
            guard cursor.read(UInt8(ascii: "]")) else { return nil }
            host = .ipv6(segments.reduce(0) { $0 << 16 | UInt128($1) }, scope: scope)
        }
        guard cursor.read(UInt8(ascii: ":")),
            let number = cursor.readNumber(UInt16.self, radix: 10), cursor.isAtEnd
        else { return nil }
        port = number
    }

    public var description: String {
        switch host {
        case .ipv4: "\(hostText):\(port)"
        case .ipv6: "[\(hostText)]:\(port)"
        }
    }

    /// The host alone, without brackets, as the system's address parsers take it.
    public var hostText: String {
        switch host {
        case .ipv4(let octets):
            return Self.dotted(octets)
        case .ipv6(let octets, let scope):
            return Self.colons(octets) + (scope == 0 ? "" : "%\(scope)")
        }
    }

    private static func dotted(_ octets: UInt32) -> String {
        [24, 16, 8, 0].map { String((octets >> $0) & 0xff) }.joined(separator: ".")
    }

    /// The longest run of two or more zero segments (the first of equals) becomes `::`.
    private static func colons(_ octets: UInt128) -> String {
        if octets >> 32 == 0xffff {
            return "::ffff:" + dotted(UInt32(truncatingIfNeeded: octets))
        }
        let segments = (0..<8).map { UInt16(truncatingIfNeeded: octets >> (112 - 16 * $0)) }
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || segments[index] != 0 {
            if index - start > longest.count { longest = start..<index }
            start = index + 1
        }
        func joined(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count > 1 else { return joined(segments[...]) }
        return joined(segments[..<longest.lowerBound]) + "::"
            + joined(segments[longest.upperBound...])
    }
}

/// Reads the parts of an address; every read that fails leaves the cursor where it was.
private struct AddressCursor {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func attempt<Value>(_ body: (inout AddressCursor) -> Value?) -> Value? {
        var copy = self
        guard let value = body(&copy) else { return nil }
        self = copy
        return value
    }

    mutating func read(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func readNumber<Value: FixedWidthInteger>(
        _ type: Value.Type, radix: Value, maximumDigits: Int = .max, allowsLeadingZero: Bool = true
    ) -> Value? {
        attempt { cursor in
            let start = cursor.position
            var value: Value = 0
            while let digit = cursor.nextDigit(radix: Int(radix)) {
                let (product, overflow) = value.multipliedReportingOverflow(by: radix)
                let (sum, carry) = product.addingReportingOverflow(Value(digit))
                guard !overflow, !carry else { return nil }
                value = sum
                cursor.position += 1
                guard cursor.position - start <= maximumDigits else { return nil }
            }
            let count = cursor.position - start
            guard count > 0 else { return nil }
            if !allowsLeadingZero, count > 1, cursor.bytes[start] == UInt8(ascii: "0") {
                return nil
            }
            return value
        }
    }

    mutating func readIPv4() -> UInt32? {
        attempt { cursor in
            var octets: UInt32 = 0
            for index in 0..<4 {
                if index > 0, !cursor.read(UInt8(ascii: ".")) { return nil }
                guard
                    let octet = cursor.readNumber(
                        UInt8.self, radix: 10, maximumDigits: 3, allowsLeadingZero: false)
                else { return nil }
                octets = octets << 8 | UInt32(octet)
            }
            return octets
        }
    }

    /// Eight segments, with `::` standing for the missing ones.
    mutating func readIPv6() -> [UInt16]? {
        attempt { cursor in
            let head = cursor.readSegments(upTo: 8)
            if head.segments.count == 8 { return head.segments }
            guard !head.endsInIPv4, cursor.read(UInt8(ascii: ":")), cursor.read(UInt8(ascii: ":"))
            else { return nil }
            let tail = cursor.readSegments(upTo: 7 - head.segments.count).segments
            let gap = Array(repeating: UInt16(0), count: 8 - head.segments.count - tail.count)
            return head.segments + gap + tail
        }
    }

    private mutating func readSegments(
        upTo limit: Int
    ) -> (segments: [UInt16], endsInIPv4: Bool) {
        var segments: [UInt16] = []
        while segments.count < limit {
            let needsSeparator = !segments.isEmpty
            if segments.count < limit - 1,
                let octets = attempt({ cursor -> UInt32? in
                    if needsSeparator, !cursor.read(UInt8(ascii: ":")) { return nil }
                    return cursor.readIPv4()
                })
            {
                segments.append(UInt16(octets >> 16))
                segments.append(UInt16(octets & 0xffff))
                return (segments, true)
            }
            let segment = attempt { cursor -> UInt16? in
                if needsSeparator, !cursor.read(UInt8(ascii: ":")) { return nil }
                return cursor.readNumber(UInt16.self, radix: 16, maximumDigits: 4)
            }
            guard let segment else { break }
            segments.append(segment)
        }
        return (segments, false)
    }

    private func nextDigit(radix: Int) -> Int? {
        guard position < bytes.count else { return nil }
        let digit: Int
        switch bytes[position] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            digit = Int(bytes[position] - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"):
            digit = Int(bytes[position] - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"):
            digit = Int(bytes[position] - UInt8(ascii: "A")) + 10
        default: return nil
        }
        return digit < radix ? digit : nil
    }
}
