import Glibc

/// Ports of loopback for servers that bind them later.
///
/// They lie outside the range from which the system takes the near ends of outgoing
/// connections: a port of that range can be taken by anybody's connection while its server is
/// down, and the server then cannot come back.
public enum FreePorts {
    /// A part of the ports, for one of several that look for ports at the same time and bind them
    /// later: what one has found is never found by another.
    public struct Share: Hashable, Sendable {
        /// From 0.
        public let index: Int
        public let count: Int

        public static let all = Share(index: 0, of: 1)

        /// The share of that index of `count` equal ones.
        public init(index: Int, of count: Int) {
            self.count = max(1, count)
            self.index = min(max(0, index), self.count - 1)
        }

        func part(of ports: ClosedRange<UInt16>) -> ClosedRange<UInt16> {
            let size = ports.count / count
            guard size > 0 else { return ports }
            let first = Int(ports.lowerBound) + size * index
            // Both lie within the range that was given, so both are ports.
            return UInt16(first)...UInt16(first + size - 1)
        }
    }

    /// `count` different ports, all free together a moment ago.
    public static func find(
        _ count: Int, in share: Share = .all
    ) throws(SystemError) -> [UInt16] {
        let candidates = share.part(of: candidates())
        var listeners: [TCPListener] = []
        for _ in 0..<count * 100 where listeners.count < count {
            do throws(SystemError) {
                listeners.append(
                    try TCPListener(binding: .loopback(port: .random(in: candidates))))
            } catch {
                if error.code != EADDRINUSE { throw error }
            }
        }
        // Only a machine full of servers gets here; its system may still know a free one.
        while listeners.count < count { listeners.append(try TCPListener(binding: .loopback())) }
        return listeners.map(\.address.port)
    }

    /// The larger of the two ranges beside the system's own.
    private static func candidates() -> ClosedRange<UInt16> {
        let path = "/proc/sys/net/ipv4/ip_local_port_range"
        let text = (try? FileSystem.read(path, limit: 100)).map {
            String(decoding: $0, as: UTF8.self)
        }
        let bounds = (text ?? "32768 60999").split(whereSeparator: \.isWhitespace)
            .compactMap { UInt16($0) }
        guard bounds.count == 2, bounds[0] > 0 else { return 10_000...32_000 }
        let below = 10_000...max(10_000, bounds[0] - 1)
        let above = min(bounds[1], 65_534) + 1...65_535
        return below.count >= above.count ? below : above
    }
}
