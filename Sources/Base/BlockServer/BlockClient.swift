import SystemCalls

/// One connection of a client: its socket, the protocol, and the requests that wait for a stall to
/// end. The server's thread owns it.
final class BlockClient {
    enum Reason {
        case gone
        case complaint(String)
    }

    /// Bytes read in one go.
    private static let readBytes = 256 << 10
    /// Nothing is read while more than this is to be sent, or waits for a stall to end: in bytes,
    /// and in requests.
    private static let sendLimit = 4 << 20
    private static let waitingByteLimit = 64 << 20
    private static let waitingLimit = 1024

    private let descriptor: FileDescriptor
    private let disk: BlockDisk
    private let poller: Poller
    private let token: UInt64
    private let end: Instant
    private let power: BlockDisk.Power
    private var connection: NBDConnection
    private var held: [(request: BlockRequest, life: BlockDisk.Life)] = []
    private var heldBytes = 0
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var isGone = false
    private var interest = Poller.Interest.readable

    init(
        _ descriptor: FileDescriptor, of disk: BlockDisk, poller: Poller, token: UInt64,
        handshakeEnd: Instant
    ) {
        self.descriptor = descriptor
        self.disk = disk
        self.poller = poller
        self.token = token
        end = handshakeEnd
        power = disk.power
        connection = NBDConnection(
            BlockExport(name: BlockServer.exportName, size: disk.size))
    }

    var waiting: Int { held.count }

    /// By when the client must have chosen the disk; nil when it has.
    var handshakeEnd: Instant? { connection.isNegotiated ? nil : end }

    /// False when the connection is of no use.
    func begin() -> Bool {
        do throws(SystemError) {
            try poller.add(descriptor, token: token, interest: interest)
        } catch {
            return false
        }
        send()
        return !isGone
    }

    func close() {
        // A closed descriptor leaves the poller by itself.
        descriptor.close()
    }

    /// Why the connection is to be closed; nil while it is wanted.
    func isOver(at now: Instant) -> Reason? {
        if isGone { return .gone }
        switch connection.end {
        case .broken(let words): return .complaint(words)
        case .agreed: return isAllSent && held.isEmpty ? .gone : nil
        case nil: break
        }
        guard let limit = handshakeEnd, limit <= now else { return nil }
        return .complaint("the handshake was not over in time")
    }

    func readAndWrite(_ ready: Poller.Interest) {
        send()
        // While nothing is read its end would be told again and again.
        if ready.contains(.hangup), !mayRead { isGone = true }
        receive()
    }

    /// Tries again what waits.
    func retry() {
        if disk.power != power { isGone = true }
        if isGone { return }
        let old = held
        held = []
        heldBytes = 0
        for (request, life) in old { attempt(request, heldIn: life) }
        // What arrived while there was no room for it.
        carryOutRequests()
        send()
    }

    private func receive() {
        do throws(SystemError) {
            while !isGone, mayRead {
                let bytes = try descriptor.read(atMost: Self.readBytes)
                if bytes.isEmpty {
                    isGone = true
                    return
                }
                connection.feed(bytes)
                carryOutRequests()
            }
        } catch {
            if !error.wouldBlock { isGone = true }
        }
    }

    private var mayRead: Bool {
        !isGone && connection.end == nil && held.count < Self.waitingLimit
            && heldBytes < Self.waitingByteLimit && outgoing.count - sent < Self.sendLimit
    }

    private func carryOutRequests() {
        while mayRead, let request = connection.next() {
            attempt(request)
            queueOutput()
        }
        queueOutput()
    }

    private func attempt(_ request: BlockRequest, heldIn life: BlockDisk.Life? = nil) {
        switch disk.carryOut(request.operation, under: power, heldIn: life) {
        case .lost: isGone = true
        case .reply(let reply): connection.reply(reply, to: request.cookie)
        case .hold(let life):
            held.append((request, life))
            if case .write(_, let bytes, _) = request.operation { heldBytes += bytes.count }
        }
    }

    // MARK: - Sending

    private var isAllSent: Bool { sent == outgoing.count }

    private func queueOutput() {
        let more = connection.takeOutput()
        if isAllSent {
            outgoing = more
            sent = 0
        } else {
            outgoing += more
        }
    }

    private func send() {
        queueOutput()
        do throws(SystemError) {
            while !isAllSent {
                let taken = try descriptor.sendFront(of: outgoing[sent...])
                if taken == 0 { break }
                sent += taken
            }
            try listen()
        } catch {
            isGone = true
        }
    }

    /// Waits for what can be done next.
    private func listen() throws(SystemError) {
        var wanted: Poller.Interest = []
        if mayRead { wanted.insert(.readable) }
        if !isAllSent { wanted.insert(.writable) }
        guard wanted != interest else { return }
        try poller.modify(descriptor, token: token, interest: wanted)
        interest = wanted
    }
}

extension FileDescriptor {
    /// How many of the bytes a non-blocking socket took.
    fileprivate func sendFront(of bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        var failure: SystemError?
        let count = bytes.withUnsafeBytes { buffer -> Int in
            do throws(SystemError) {
                return try send(buffer)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count
    }
}
