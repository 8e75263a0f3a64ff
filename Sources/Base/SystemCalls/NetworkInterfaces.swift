import CSystem

/// A MAC address: 48 bits.
public struct HardwareAddress: Hashable, Sendable, CustomStringConvertible {
    /// The first byte on the wire is the most significant of the lower 48 bits.
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue & 0xffff_ffff_ffff
    }

    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    var bytes: [UInt8] {
        stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: rawValue >> $0) }
    }
}

/// What one network interface shall be.
public struct InterfaceSettings: Hashable, Sendable {
    /// At most 15 bytes.
    public var name: String
    public var hardwareAddress: HardwareAddress
    /// IPv4, host order, in a network of 24 bits.
    public var address: UInt32
    /// Largest packet, in bytes, without the Ethernet header.
    public var packetBytes: Int32

    public init(
        name: String, hardwareAddress: HardwareAddress, address: UInt32, packetBytes: Int32 = 1500
    ) {
        self.name = name
        self.hardwareAddress = hardwareAddress
        self.address = address
        self.packetBytes = packetBytes
    }
}

/// Makes and sets interfaces in the network namespace of the calling thread.
public enum NetworkInterfaces {
    /// A tap: an interface whose cable ends in this process. One read of the descriptor is one
    /// frame that the namespace sends, one write is one frame it receives. The interface goes
    /// with the descriptor.
    public static func makeTap(_ settings: InterfaceSettings) throws(SystemError) -> FileDescriptor
    {
        let name = settings.name
        let raw = try check("TUNSETIFF", name) { csystem_tap_open(name) }
        let descriptor = FileDescriptor(owning: raw, subject: "tap \(name)")
        try check("SIOCSIFHWADDR", name) {
            csystem_interface_set_hardware_address(name, settings.hardwareAddress.bytes)
        }
        try check("SIOCSIFMTU", name) { csystem_interface_set_mtu(name, settings.packetBytes) }
        try check("SIOCSIFADDR", name) {
            csystem_interface_set_address(name, settings.address, 0xffff_ff00)
        }
        try setUp(name)
        return descriptor
    }

    public static func setUp(_ name: String) throws(SystemError) {
        try check("SIOCSIFFLAGS", name) { csystem_interface_set_up(name) }
    }

    /// Makes a neighbour known for good, so that reaching it needs no ARP.
    public static func addNeighbour(
        _ address: UInt32, at hardwareAddress: HardwareAddress, on name: String
    ) throws(SystemError) {
        try check("SIOCSARP", name) {
            csystem_add_neighbour(name, address, hardwareAddress.bytes)
        }
    }
}

/// A pair of connected sockets, non-blocking: what is written to one as a whole is read from the
/// other as a whole.
public struct PacketPair: Sendable {
    public let first: FileDescriptor
    public let second: FileDescriptor

    public init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try check("socketpair") { csystem_packet_pair(&ends) }
        first = FileDescriptor(owning: ends[0], subject: "packet pair")
        second = FileDescriptor(owning: ends[1], subject: "packet pair")
    }
}

/// A UDP socket over IPv4, non-blocking.
public struct DatagramSocket: Sendable {
    public let descriptor: FileDescriptor

    /// Longest datagram that is read; the rest of a longer one is lost.
    public static let byteLimit = 2048

    /// Binds an address of the network namespace of the calling thread.
    public init(binding address: SocketAddress) throws(SystemError) {
        let raw = try check("bind", "\(address)") {
            csystem_udp_socket(address.hostNumber, address.port)
        }
        descriptor = FileDescriptor(owning: raw, subject: "\(address)")
    }

    /// Hands one datagram over for sending; nobody says whether it arrives.
    public func send(_ bytes: [UInt8], to address: SocketAddress) throws(SystemError) {
        try check("sendto", "\(address)") {
            csystem_udp_send(
                descriptor.rawValue, address.hostNumber, address.port, bytes, bytes.count)
        }
    }

    /// The next datagram that has arrived; nil when there is none.
    public func receive() throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try descriptor.read(atMost: Self.byteLimit)
        } catch {
            if error.wouldBlock { return nil }
            throw error
        }
    }
}

extension SocketAddress {
    /// The IPv4 address in host order; that of no host for IPv6, which nothing here speaks.
    fileprivate var hostNumber: UInt32 {
        switch host {
        case .ipv4(let number): number
        case .ipv6: 0
        }
    }
}
