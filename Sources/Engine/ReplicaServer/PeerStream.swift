import ClusterProtocol

/// The bytes of one native peer stream, in either direction: what has arrived and is not cut
/// into messages yet, and what the socket has not taken yet. Both are bounded.
struct PeerStreamBuffers {
    private var greeting: [UInt8] = []
    private var input = PeerFrameReader()
    private var hasGreeting = false
    private var output: [UInt8] = []
    private var outputStart = 0

    /// More unsent bytes than this mean a peer that takes nothing: the stream is given up.
    static let outputByteLimit = 64 << 20
    /// Memory kept for the next burst, in bytes.
    private static let keptBytes = 256 << 10

    var unsent: ArraySlice<UInt8> { output[outputStart...] }
    var hasUnsent: Bool { outputStart < output.count }
    var isOverfull: Bool { output.count - outputStart > Self.outputByteLimit }

    mutating func queue(_ bytes: [UInt8]) {
        output += bytes
    }

    mutating func wrote(_ count: Int) {
        outputStart += count
        if outputStart == output.count {
            output.removeAll(keepingCapacity: output.capacity <= Self.keptBytes)
            outputStart = 0
        } else if outputStart > Self.keptBytes {
            output.removeFirst(outputStart)
            outputStart = 0
        }
    }

    mutating func arrived(_ bytes: [UInt8]) {
        if hasGreeting { input.feed(bytes) } else { greeting += bytes }
    }

    /// The greeting at the front of the stream; nil when more bytes are needed. What follows it
    /// is read by `nextMessage`.
    mutating func nextGreeting() throws(PeerCodecError) -> PeerHello? {
        guard let hello = try PeerHello(greeting) else { return nil }
        hasGreeting = true
        input.feed(greeting.dropFirst(PeerHello.encodedLength))
        greeting = []
        return hello
    }

    mutating func nextMessage() throws(PeerCodecError) -> PeerMessage? {
        try input.next()
    }
}
