import FaultyDisk
import SystemCalls
import TestSupport
import Testing

@testable import BlockServer

@Suite("a server of a block device")
struct BlockServerTests {
    private typealias Script = NBDScript

    @Test("clients share the disk, each reads what another wrote")
    func shared() throws {
        try BlockServer.with { server in
            let first = try NBDClient.ready(server)
            let second = try NBDClient.ready(server)
            #expect(try first.ask(Script.write([1, 2, 3], at: 5)) == Script.reply())
            #expect(
                try second.ask(Script.read(4..<9, cookie: 7), count: 5)
                    == Script.reply(to: 7, [0, 1, 2, 3, 0]))
            #expect(try first.ask(Script.flush()) == Script.reply())
            #expect(server.disk.state.writes == 1 && server.disk.state.flushes == 1)
            #expect(try FileSystem.read(server.disk.path, limit: 1 << 20).prefix(9).last == 0)
        }
    }

    @Test("as much as one request may carry, there and back")
    func longest() throws {
        try BlockServer.with(size: 32 << 20) { server in
            let client = try NBDClient.ready(server)
            var bytes = [UInt8](repeating: 7, count: 32 << 20)
            for place in stride(from: 0, to: bytes.count, by: 997) { bytes[place] = 9 }
            #expect(try client.ask(Script.write(bytes, at: 0)) == Script.reply())
            #expect(
                try client.ask(Script.read(0..<32 << 20), count: bytes.count)
                    == Script.reply(to: 1, bytes))
        }
    }

    @Test("many requests at once are all answered")
    func pipelined() throws {
        try BlockServer.with { server in
            let client = try NBDClient.ready(server)
            let count: UInt64 = 2000
            let thread = try WorkerThread(name: "sending") {
                for cookie in 0..<count {
                    try? client.send(Script.read(0..<8192, cookie: cookie))
                }
            }
            // It reads late: what is to be sent must not grow without end.
            for cookie in 0..<count {
                #expect(
                    try client.receive(16 + 8192).prefix(16) == Script.reply(to: cookie)[...])
            }
            thread.join()
        }
    }

    /// What hostile clients send before they go, or wait.
    private static let hostile: [[UInt8]] = [
        [], [0xff], Script.flags(), Script.flags(0xffff_ffff),
        Array("GET / HTTP/1.1\r\n\r\n".utf8) + [UInt8](repeating: 0, count: 100),
        Script.flags() + Script.option(7, length: .max),
        Script.flags() + Script.option(7, Script.number(UInt32.max)),
        Script.flags() + Script.go + [0x25],
        Script.flags() + Script.go + Script.request(0, length: .max, magic: 0),
        Script.flags() + Script.go + Script.request(1, length: .max),
        Script.flags() + Script.go
            + Script.request(1, length: 4096, [UInt8](repeating: 9, count: 4095)),
        Script.flags() + Script.go + Script.request(0, offset: .max, length: .max),
    ]

    @Test("hostile clients harm neither the disk nor others, whether they go or stay")
    func hostileClients() throws {
        try BlockServer.with { server in
            let client = try NBDClient.ready(server)
            #expect(try client.ask(Script.write([5], at: 0)) == Script.reply())
            var staying: [NBDClient] = []
            for bytes in Self.hostile {
                let going = try NBDClient(server)
                try? going.send(bytes)
                going.socket.close()
                #expect(try client.ask(Script.read(0..<1), count: 1) == Script.reply(to: 1, [5]))
                let stays = try NBDClient(server)
                try? stays.send(bytes)
                #expect(try client.ask(Script.read(0..<1), count: 1) == Script.reply(to: 1, [5]))
                staying.append(stays)
                if staying.count == 8 {
                    for one in staying { one.socket.close() }
                    staying = []
                }
            }
            try server.wait(for: "complaints") { server.complaints.count >= 6 }
            #expect(server.disk.state.writes == 1)
            #expect(try FileSystem.read(server.disk.path, limit: 1 << 20).allSatisfy { $0 == 0 })
        }
    }

    @Test("a client that does not get through the handshake loses its connection, a silent one not")
    func silent() throws {
        try BlockServer.with(handshakeLimit: .seconds(3)) { server in
            let client = try NBDClient.ready(server)
            let silent = try NBDClient(server)
            let slow = try NBDClient(server)
            try slow.send(Script.flags())
            #expect(try silent.isClosed())
            #expect(try slow.isClosed())
            #expect(server.complaints.count == 2)
            // Whoever has the disk may be silent as long as it wants.
            #expect(try client.ask(Script.flush()) == Script.reply())
        }
    }

    @Test("more clients than there may be are sent away until one goes")
    func crowd() throws {
        try BlockServer.with { server in
            let clients = try (0..<BlockServer.connectionLimit).map { _ in
                try NBDClient.ready(server)
            }
            let extra = try UnixSocket.connect(to: server.socketPath, until: .after(.seconds(20)))
            #expect(try extra.waitUntilReadable(.after(.seconds(20))))
            #expect(try extra.read(atMost: 1).isEmpty)
            try clients[0].send(Script.request(2))
            #expect(try clients[0].isClosed())
            try server.wait(for: "a free place") {
                (try? NBDClient.ready(server).ask(Script.flush())) == Script.reply()
            }
        }
    }

    @Test("a stalled request waits, others pass it, and it is answered when the fault ends")
    func stall() throws {
        for ending in ["switched off", "lease over"] {
            try BlockServer.with { server in
                let client = try NBDClient.ready(server)
                let lease = ending == "lease over" ? Duration.seconds(3) : .seconds(60)
                server.disk.switchOn(.syncStall, for: lease)
                try client.send(Script.flush(cookie: 1) + Script.read(0..<1, cookie: 2))
                #expect(try client.receive(17) == Script.reply(to: 2, [0]))
                if ending == "switched off" {
                    try server.wait(for: "a waiting flush") { server.disk.state.waiting == 1 }
                    server.disk.switchOff(.syncStall)
                }
                #expect(try client.receive(16) == Script.reply(to: 1))
                try server.wait(for: "nobody waiting") { server.disk.state.waiting == 0 }
                #expect(server.disk.state.touched == [.syncStall: 1])
            }
        }
    }

    @Test("a power cut takes the connections, and what they wait for; a rollback fails only that")
    func stalledAndCut() throws {
        try BlockServer.with { server in
            try server.disk.takeSnapshot()
            let client = try NBDClient.ready(server)
            let idle = try NBDClient.ready(server)
            server.disk.switchOn(.writeStall, for: .seconds(60))
            try client.send(Script.write([1], at: 0))
            try server.wait(for: "a waiting write") { server.disk.state.waiting == 1 }
            #expect(try server.disk.rollBack())
            #expect(try client.receive(16) == Script.reply(error: 5))
            server.disk.switchOn(.writeStall, for: .seconds(60))
            try client.send(Script.write([1], at: 0))
            try server.wait(for: "a waiting write") { server.disk.state.waiting == 1 }
            _ = try server.disk.cutPower(.nothing, seed: 1)
            #expect(try client.isClosed())
            #expect(try idle.isClosed())
            let other = try NBDClient.ready(server)
            #expect(try other.ask(Script.read(0..<1), count: 1) == Script.reply(to: 1, [0]))
            #expect(server.disk.state.waiting == 0 && server.complaints.isEmpty)
        }
    }

    @Test("requests that wait are forgotten when their client goes")
    func stalledAndGone() throws {
        try BlockServer.with { server in
            let client = try NBDClient.ready(server)
            server.disk.switchOn(.writeStall, for: .seconds(60))
            try client.send((0..<1500).flatMap { _ in Script.write([1], at: 0) })
            try server.wait(for: "waiting writes") { server.disk.state.waiting == 1024 }
            client.socket.close()
            try server.wait(for: "nobody waiting") { server.disk.state.waiting == 0 }
            server.disk.switchAllOff()
            let other = try NBDClient.ready(server)
            #expect(try other.ask(Script.read(0..<1), count: 1) == Script.reply(to: 1, [0]))
        }
    }

    @Test("a server can be stopped and another take its place, also that of a dead one")
    func again() throws {
        try withTemporaryFolder { folder in
            let socket = Path.join(folder, "socket")
            let disk = try BlockDisk(creating: Path.join(folder, "image"), size: 4096)
            try FileSystem.write([], to: socket)
            for round in 1...3 as ClosedRange<UInt8> {
                let server = try BlockServer(disk, at: socket)
                let client = try NBDClient.ready(server)
                #expect(try client.ask(Script.write([round], at: 0)) == Script.reply())
                server.stop()
                #expect(try client.isClosed())
                #expect(!FileSystem.exists(socket))
            }
            #expect(disk.read(0..<1) == [3])
        }
    }
}
