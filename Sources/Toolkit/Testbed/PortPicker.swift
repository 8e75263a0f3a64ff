import ClusterProtocol
import Randomness
import SystemCalls

/// Finds loopback ports for a cluster's nine listeners.
///
/// They are taken from *below* the range that the system hands out to outgoing connections: while
/// a daemon is down, one of the many connections of the clients could otherwise be given the
/// daemon's own port, and the daemon could not come back.
enum PortPicker {
    static let lowest: UInt64 = 12_000

    /// `count` different ports that were free a moment ago.
    static func ports(_ count: Int) throws(SystemError) -> [UInt16] {
        let highest = max(lowest + 1000, ephemeralStart() - 1)
        var random = SeededRandom(
            seed: WallClock.nanoseconds, stream: UInt64(UInt32(bitPattern: Processes.ownID)))
        // Held until all are found, so that they differ.
        var held: [TCPListener] = []
        var attemptsLeft = 200
        while held.count < count {
            let port = UInt16(truncatingIfNeeded: random.number(in: lowest...highest))
            do throws(SystemError) {
                held.append(try TCPListener(binding: .loopback(port: port)))
            } catch {
                attemptsLeft -= 1
                if attemptsLeft == 0 { throw error }
            }
        }
        return held.map { $0.address.port }
    }

    /// First port that the system gives to outgoing connections.
    private static func ephemeralStart() -> UInt64 {
        let path = "/proc/sys/net/ipv4/ip_local_port_range"
        guard let bytes = try? FileSystem.read(path, limit: 4096),
            let first = String(decoding: bytes, as: UTF8.self)
                .split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).first,
            let start = UInt64(first), start > lowest + 1000
        else { return 32_768 }
        return start
    }
}
