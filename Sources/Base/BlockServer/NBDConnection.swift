/// The disk as clients of the protocol see it.
public struct BlockExport: Hashable, Sendable {
    /// By which it is asked for; no name at all asks for it too.
    public let name: String
    /// In bytes.
    public let size: Int

    public init(name: String, size: Int) {
        self.name = name
        self.size = size
    }
}

/// The server's side of one connection, without the connection: bytes of the client in, requests
/// out; replies in, bytes for the client out.
///
/// Whatever the client sends, it never traps and never makes room for more than has arrived.
/// Somebody who does not keep to the protocol is done with.
public struct NBDConnection: Sendable {
    /// How a connection came to its end.
    public enum End: Hashable, Sendable {
        /// The client said so.
        case agreed
        /// What it sent is not the protocol.
        case broken(String)
    }

    enum Phase: Hashable, Sendable {
        /// The client's flags come next.
        case greeting
        case options(wantsZeroes: Bool)
        case requests
        case ended(End)
    }

    let export: BlockExport
    var phase = Phase.greeting
    var input = NetworkInput()
    /// What is to be sent.
    var output: [UInt8] = []

    public init(_ export: BlockExport) {
        self.export = export
        output.appendNumber(NBD.greeting)
        output.appendNumber(NBD.optionMagic)
        output.appendNumber(NBD.HandshakeFlag.fixedNewstyle | NBD.HandshakeFlag.noZeroes)
    }

    /// Nil while the connection is wanted. What is to be sent is sent also after the end.
    public var end: End? {
        switch phase {
        case .ended(let end): end
        case .greeting, .options, .requests: nil
        }
    }

    /// Whether the client has chosen the disk.
    public var isNegotiated: Bool { phase == .requests }

    public mutating func feed(_ bytes: some Sequence<UInt8>) {
        if end == nil { input.append(bytes) }
    }

    /// The next request that arrived whole; nil when there is none.
    public mutating func next() -> BlockRequest? {
        while true {
            switch phase {
            case .greeting: guard takeFlags() else { return nil }
            case .options(let wantsZeroes): guard takeOption(wantsZeroes) else { return nil }
            case .requests:
                switch takeRequest() {
                case .request(let request): return request
                case .refused: continue
                case .nothing: return nil
                }
            case .ended: return nil
            }
        }
    }

    public mutating func reply(_ reply: BlockReply, to cookie: UInt64) {
        output.appendNumber(NBD.replyMagic)
        switch reply {
        case .done(let bytes):
            output.appendNumber(UInt32(0))
            output.appendNumber(cookie)
            output += bytes
        case .failed(let error):
            output.appendNumber(error.rawValue)
            output.appendNumber(cookie)
        }
    }

    /// What is to be sent, which is then no longer kept here.
    public mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    mutating func fail(_ reason: String) { phase = .ended(.broken(reason)) }

    private mutating func takeFlags() -> Bool {
        guard let flags = input.takeNumber(UInt32.self) else { return false }
        if flags & ~NBD.HandshakeFlag.known != 0 {
            fail("unknown client flags \(flags)")
        } else {
            phase = .options(wantsZeroes: flags & UInt32(NBD.HandshakeFlag.noZeroes) == 0)
        }
        return true
    }
}
