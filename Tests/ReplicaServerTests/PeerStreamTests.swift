import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testing

@testable import ReplicaServer

@Suite struct PeerStreamTests {
    private let hello = PeerHello(sender: ReplicaID(2), shard: ShardID(0))
    private let messages: [PeerMessage] = [
        .confirm(Term(view: View(1), generation: Generation(1)), round: 7),
        .status(
            PeerStatus(view: View(3), role: .backup, commit: LSN(4), highestPrepared: LSN(5))),
    ]

    @Test("greeting and messages are cut the same however the bytes arrive")
    func cutting() throws {
        let bytes = hello.encode() + messages.flatMap { PeerFrame.encode($0) }
        for piece in [1, 2, 3, 7, 25, 26, bytes.count] {
            var buffers = PeerStreamBuffers()
            var greeting: PeerHello?
            var found: [PeerMessage] = []
            for start in stride(from: 0, to: bytes.count, by: piece) {
                buffers.arrived(Array(bytes[start..<min(start + piece, bytes.count)]))
                if greeting == nil { greeting = try buffers.nextGreeting() }
                guard greeting != nil else { continue }
                while let message = try buffers.nextMessage() { found.append(message) }
            }
            #expect(greeting == hello)
            #expect(found == messages)
        }
    }

    @Test("a damaged frame ends the stream")
    func damage() throws {
        var bytes = PeerFrame.encode(messages[0])
        bytes[bytes.count - 1] ^= 1
        var buffers = PeerStreamBuffers()
        buffers.arrived(hello.encode() + bytes)
        _ = try buffers.nextGreeting()
        #expect(throws: PeerCodecError.self) { try buffers.nextMessage() }
    }

    @Test("what is written leaves the buffer, in any portions")
    func output() {
        var buffers = PeerStreamBuffers()
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
        buffers.queue(bytes)
        var sent: [UInt8] = []
        while buffers.hasUnsent {
            let portion = Array(buffers.unsent.prefix(77_777))
            sent += portion
            buffers.wrote(portion.count)
        }
        #expect(sent == bytes)
        #expect(!buffers.isOverfull)
    }

    @Test("a stream is answered on itself; strangers and other shards are not")
    func stream() throws {
        try withServer { _, replica throws in
            func open(_ hello: PeerHello) throws -> TCPConnection {
                let address = try #require(SocketAddress("\(replica.addresses.protocol)"))
                let connection = try TCPConnection.connect(
                    to: address, until: .after(.seconds(2)))
                let bytes = hello.encode() + PeerFrame.encode(messages[0])
                _ = try bytes.withUnsafeBytes { try connection.send($0) }
                return connection
            }
            let connection = try open(hello)
            var buffers = PeerStreamBuffers()
            var theirs: PeerHello?
            var answer: PeerMessage?
            while answer == nil {
                try #require(
                    try connection.descriptor.waitUntilReadable(.after(.seconds(5))))
                guard case .bytes(let bytes) = try connection.receive(atMost: 4096) else {
                    Issue.record("the stream ended")
                    return
                }
                buffers.arrived(bytes)
                if theirs == nil { theirs = try buffers.nextGreeting() }
                if theirs != nil { answer = try buffers.nextMessage() }
            }
            #expect(theirs == PeerHello(sender: ReplicaID(1), shard: ShardID(0)))
            #expect(answer == messages[0])
            for wrong in [
                PeerHello(sender: ReplicaID(2), shard: ShardID(1)),
                PeerHello(sender: ReplicaID(1), shard: ShardID(0)),
                PeerHello(sender: ReplicaID(9), shard: ShardID(0)),
            ] {
                let refused = try open(wrong)
                try #require(try refused.descriptor.waitUntilReadable(.after(.seconds(5))))
                let end = try? refused.receive(atMost: 10)
                #expect(end == nil || end == .end)
            }
        }
    }
}
