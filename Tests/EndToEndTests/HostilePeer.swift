import ClusterHarness
import SystemCalls

/// Connections as no well-meaning client makes them.
enum HostilePeer {
    static let ports: [Port] = [.control, .client, .protocol]

    enum Port: String {
        case control
        case client
        case `protocol`

        func address(_ cluster: LiveCluster, _ number: UInt64) throws -> SocketAddress {
            switch self {
            case .control: try cluster.controlAddress(number)
            case .client: try cluster.clientAddress(number)
            case .protocol: try cluster.protocolAddress(number)
            }
        }
    }

    /// Bytes that end a careless reader: no UTF-8, no known tag, the beginning of a native
    /// stream, a prepare that announces four gigabytes.
    static let garbage: [[UInt8]] = [
        [0xff, 0xfe, 0x80, 0x00], [0xc3, 0x28], Array("status\u{0}".utf8), Array("ADBP".utf8),
        Array("ADBP".utf8) + Array(repeating: 0xff, count: 64),
        [1, 1] + Array(repeating: 0, count: 24) + [0xff, 0xff, 0xff, 0xff],
        [1] + Array(repeating: 0, count: 8) + [0xff, 0xff, 0xff, 0xff],
        Array(repeating: 0x41, count: 100_000),
    ]

    static func connect(_ address: SocketAddress) throws -> TCPConnection {
        try TCPConnection.connect(to: address, until: .after(.seconds(5)))
    }

    /// Sends what the peer takes; a peer that has closed already is fine.
    static func send(_ bytes: [UInt8], on connection: TCPConnection) {
        let deadline = Deadline.after(.seconds(2))
        var rest = bytes[...]
        while !rest.isEmpty, !deadline.isPassed {
            let sent = rest.withUnsafeBytes { try? connection.send($0) }
            guard let sent else { return }
            rest = rest.dropFirst(sent)
            if sent == 0 {
                guard (try? connection.descriptor.waitUntilWritable(deadline)) == true else {
                    return
                }
            }
        }
    }

    /// Sends `bytes`, then breaks the connection with a reset.
    static func reset(_ address: SocketAddress, after bytes: [UInt8]) throws {
        let connection = try connect(address)
        send(bytes, on: connection)
        try connection.resetOnClose()
        connection.close()
    }

    /// Sends `bytes`, half-closes, and leaves without reading the answer.
    static func abandon(_ address: SocketAddress, after bytes: [UInt8]) throws {
        let connection = try connect(address)
        send(bytes, on: connection)
        try? connection.finishSending()
        try connection.resetOnClose()
        connection.close()
    }
}
