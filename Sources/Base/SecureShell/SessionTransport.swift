package import SystemCalls

/// The bytes between libssh2 and a connected socket.
///
/// libssh2 must repeat a packet that was sent in part before it may send any other, on whatever
/// channel; so it never learns of a full socket: everything is taken, and what the socket does not
/// take is kept here. Whoever has much to send asks `claimRoom` first, which bounds that.
package final class SessionTransport {
    package let socket: FileDescriptor
    private var outgoing: [UInt8] = []
    /// Bytes at the front of `outgoing` that have left.
    private var sent = 0
    /// What the connection broke with; nothing passes any more.
    package private(set) var failure: SystemError?
    package private(set) var hasEnded = false
    /// The first bytes received, which are not encrypted.
    package private(set) var firstBytes: [UInt8] = []
    package private(set) var lastReceived = Instant.now
    private var turnLeft = SessionTransport.turnBytes
    private var isDrained = false
    private var isRoomWanted = false

    /// What is kept for the socket before writers are held back.
    package static let roomBytes = 256 << 10
    /// What is read in one turn, so that a fast sender does not keep everything else waiting.
    package static let turnBytes = 1 << 20

    package init(_ socket: FileDescriptor) {
        self.socket = socket
    }

    /// Dropbear may take the end of one command for that of another whose channel is open but not
    /// asked to run anything yet (2022.82 to 2024.85): it then ends that channel, or the connection.
    package var confusesCommands: Bool {
        ServerGreeting.greeting(of: firstBytes)?.text.hasPrefix("SSH-2.0-dropbear") == true
    }

    package var number: Int32 { socket.rawValue }
    private var hasRoom: Bool { outgoing.count - sent < Self.roomBytes }
    package var hasOutgoing: Bool { sent < outgoing.count }
    /// Whether another turn would go on now: bytes may be left to read, some came for whoever had
    /// looked before, or there is room that somebody has asked for in vain.
    package var wantsTurn: Bool { turnLeft < Self.turnBytes || isRoomWanted && hasRoom }
    package var isUsable: Bool { failure == nil && !hasEnded }

    /// Allows to read again after the socket was found empty or enough was read.
    package func beginTurn() {
        turnLeft = Self.turnBytes
        isDrained = false
        isRoomWanted = false
        flush()
    }

    /// Whether more may be sent now; whoever is told no gets a turn when that changes.
    package func claimRoom() -> Bool {
        if !hasRoom { isRoomWanted = true }
        return hasRoom
    }

    /// Sends what was kept, as far as the socket takes it.
    package func flush() {
        guard hasOutgoing, isUsable else { return }
        do throws(SystemError) {
            sent += try outgoing.span.withUnsafeBytes { bytes throws(SystemError) in
                try socket.send(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            }
        } catch {
            failure = error
        }
        if sent == outgoing.count {
            outgoing.removeAll(keepingCapacity: true)
            sent = 0
        }
    }

    /// Waits for bytes to read, or for room to send what was kept.
    package func wait(until deadline: Deadline) {
        guard isUsable else { return }
        _ =
            try? hasOutgoing
            ? socket.waitUntilWritable(deadline) : socket.waitUntilReadable(deadline)
    }

    /// From now on nothing passes, and nothing waits.
    package func cut() {
        hasEnded = true
        outgoing = []
        sent = 0
    }

    /// In the manner of `send`: the number of bytes taken, or a negative error number.
    package func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let failure { return -Int(failure.code) }
        if hasEnded { return -Int(SystemError.brokenPipe) }
        var taken = 0
        if !hasOutgoing {
            do throws(SystemError) {
                taken = try socket.send(bytes)
            } catch {
                failure = error
                return -Int(error.code)
            }
        }
        outgoing += bytes[taken...]
        return bytes.count
    }

    /// In the manner of `recv`: the number of bytes, 0 at the end, or a negative error number.
    package func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        if let failure { return -Int(failure.code) }
        if hasEnded { return 0 }
        if isDrained || turnLeft <= 0 { return -Int(SystemError.wouldBlockCode) }
        do throws(SystemError) {
            let count = try socket.read(into: buffer)
            if count == 0 {
                hasEnded = true
                return 0
            }
            // sshd sends in small messages, and leaves Nagle on.
            socket.acknowledgeNow()
            turnLeft -= count
            lastReceived = .now
            guard firstBytes.count < ServerGreeting.byteLimit else { return count }
            firstBytes += buffer[..<count]
            if firstBytes.count >= ServerGreeting.byteLimit,
                ServerGreeting.greeting(of: firstBytes) == nil
            {
                // libssh2 would go on looking for a greeting for ever.
                hasEnded = true
                return 0
            }
            return count
        } catch {
            if error.wouldBlock {
                isDrained = true
            } else {
                failure = error
            }
            return -Int(error.code)
        }
    }
}
