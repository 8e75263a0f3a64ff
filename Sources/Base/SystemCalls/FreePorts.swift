import Glibc

/// Ports of loopback for servers that bind them later, and again after they were down.
///
/// They lie outside the range from which the system takes the near ends of outgoing
/// connections: a port of that range can be taken by anybody's connection while its server is
/// down, and the server then cannot come back. And they are claimed: as long as the object lives,
/// nobody else who looks for ports here finds them, whether their servers are up or not.
public final class FreePorts: Sendable {
    /// Different ports, all free together a moment ago.
    public let numbers: [UInt16]
    /// Names that only one process of the machine can have; they go with the process.
    private let claims: [FileDescriptor]

    public init(_ count: Int) throws(SystemError) {
        let candidates = Self.candidates()
        var found: [UInt16] = []
        var claims: [FileDescriptor] = []
        var attempts = 0
        while found.count < count {
            attempts += 1
            // Only a machine full of servers gets to the second; its system may still know one.
            let wanted = attempts <= count * 100 ? UInt16.random(in: candidates) : 0
            do throws(SystemError) {
                guard let (port, claim) = try Self.claim(wanted) else { continue }
                found.append(port)
                claims.append(claim)
            } catch {
                if error.code != EADDRINUSE || wanted == 0 { throw error }
            }
        }
        numbers = found
        self.claims = claims
    }

    /// The port, or any when it is 0, if nobody has claimed it. Throws EADDRINUSE when a server
    /// has it.
    private static func claim(_ port: UInt16) throws(SystemError) -> (UInt16, FileDescriptor)? {
        // A claim comes before the try: a try takes the port for a moment, and whoever has
        // claimed it may be about to bind it again.
        if port != 0 {
            guard let claim = try MachineName.take("allocdb-port-\(port)") else { return nil }
            _ = try TCPListener(binding: .loopback(port: port))
            return (port, claim)
        }
        let given = try TCPListener(binding: .loopback()).address.port
        guard let claim = try MachineName.take("allocdb-port-\(given)") else { return nil }
        return (given, claim)
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
