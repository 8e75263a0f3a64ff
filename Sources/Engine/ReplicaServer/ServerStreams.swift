import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// Native peer streams: one outgoing to each peer, kept open; incoming ones as they come.
extension ReplicaServer {
    static var incomingStreamLimit: Int { 16 }
    /// Bytes taken from one stream before the others get their turn. Below the size at which the
    /// allocator would map fresh pages for each read.
    static var streamReadChunk: Int { 64 << 10 }

    /// Opens the outgoing streams that are missing and due.
    func connectPeers(at now: Instant) {
        // Almost always all are there, and this is asked in every round.
        guard outgoing.count < layout.replicas.count - 1 else { return }
        guard !isolation.isIsolated, stopping == nil else { return }
        for peer in layout.replicas where peer.id != replica.id && outgoing[peer.id] == nil {
            guard now >= reconnectAt[peer.id] ?? now else { continue }
            scheduleReconnect(peer.id, at: now)
            guard let address = SocketAddress("\(peer.addresses.protocol)"),
                let socket = try? TCPConnection.start(to: address)
            else { continue }
            let stream = PeerStream(
                id: newConnectionID(), direction: .outgoing(to: peer.id), socket: socket,
                phase: .connecting(since: now), peer: peer.id)
            streams[stream.id] = stream
            outgoing[peer.id] = stream.id
            watch(stream)
        }
    }

    /// The next attempt comes after a pause that doubles until a stream opens.
    private func scheduleReconnect(_ peer: ReplicaID, at now: Instant) {
        let pause = reconnectPause[peer] ?? Self.shortestReconnectPause
        reconnectAt[peer] = now + pause
        reconnectPause[peer] = min(pause * 2, Self.longestReconnectPause)
        nextSweep = min(nextSweep, now + pause)
    }

    /// Whether the first bytes of a connection on the protocol port are a native greeting; then
    /// the connection becomes a stream and is no request any more.
    func becomesPeerStream(_ request: RequestConnection, at now: Instant) -> Bool {
        let received = request.machine.received
        guard requests[request.id] != nil, received.count >= PeerHello.magic.count,
            received.starts(with: PeerHello.magic)
        else { return false }
        requests[request.id] = nil
        openRequests[.protocol, default: 1] -= 1
        let stream = PeerStream(
            id: request.id, direction: .incoming, socket: request.socket,
            phase: .greeting(since: now), peer: nil)
        stream.watch = request.watch
        streams[stream.id] = stream
        dropOldIncomingStreams(besides: stream, at: now)
        stream.buffers.arrived(received)
        takeInput(from: stream, at: now)
        if streams[stream.id] != nil { watch(stream) }
        return true
    }

    private func dropOldIncomingStreams(besides newest: PeerStream, at now: Instant) {
        let incoming = streams.values.filter { $0.direction == .incoming && $0.id != newest.id }
        guard incoming.count >= Self.incomingStreamLimit,
            let oldest = incoming.min(by: { $0.id < $1.id })
        else { return }
        close(oldest, at: now)
    }

    func progress(_ stream: PeerStream, _ ready: Poller.Interest, at now: Instant) {
        // Before anything is read: what was sent after an operator's `isolate` has returned must
        // not get through.
        checkIsolation()
        guard streams[stream.id] != nil else { return }
        if case .connecting = stream.phase {
            guard stream.socket.pendingError() == nil else { return close(stream, at: now) }
            stream.phase = .greeting(since: now)
            stream.buffers.queue(greeting.encode())
        }
        if ready.contains(.readable) {
            do throws(SystemError) {
                switch try stream.socket.receive(atMost: Self.streamReadChunk) {
                case .bytes(let bytes):
                    stream.buffers.arrived(bytes)
                    takeInput(from: stream, at: now)
                case .end: return close(stream, at: now)
                case .nothingYet: break
                }
            } catch {
                return close(stream, at: now)
            }
        }
        if streams[stream.id] != nil { flush(stream, at: now) }
    }

    private var greeting: PeerHello {
        PeerHello(sender: replica.id, shard: ShardID(layout.kernel.shardID))
    }

    /// Cuts what has arrived into messages for the core.
    private func takeInput(from stream: PeerStream, at now: Instant) {
        do throws(PeerCodecError) {
            if case .greeting = stream.phase {
                guard let theirs = try stream.buffers.nextGreeting() else { return }
                guard accept(theirs, on: stream) else { return close(stream, at: now) }
            }
            guard let peer = stream.peer else { return }
            while let message = try stream.buffers.nextMessage() {
                switch stream.direction {
                case .outgoing: pendingInputs.append(.peerAnswer(peer, message))
                case .incoming:
                    pendingInputs.append(.peerRequest(peer, StreamToken(stream.id), message))
                }
            }
        } catch {
            // A peer that is isolated, or no replica at all, answers a greeting with something
            // else; that goes on as long as it lasts and is no news.
            if stream.phase == .open { log.event("event=peer_stream_damaged error=\(error)") }
            close(stream, at: now)
        }
    }

    /// Judges the other end's greeting and answers it on an incoming stream.
    private func accept(_ theirs: PeerHello, on stream: PeerStream) -> Bool {
        guard theirs.shard.rawValue == layout.kernel.shardID, theirs.sender != replica.id,
            layout.replica(theirs.sender) != nil
        else { return false }
        switch stream.direction {
        case .incoming:
            stream.peer = theirs.sender
            // It is there again: no reason to wait for the end of the pause.
            if outgoing[theirs.sender] == nil {
                reconnectAt[theirs.sender] = nil
                reconnectPause[theirs.sender] = nil
            }
            stream.buffers.queue(greeting.encode())
        case .outgoing(let wanted):
            guard theirs.sender == wanted else { return false }
            reconnectPause[wanted] = nil
            pendingInputs.append(.peerConnected(wanted))
        }
        stream.phase = .open
        return true
    }

    func queue(_ message: PeerMessage, on stream: PeerStream) {
        guard stream.phase == .open else { return }
        stream.buffers.queue(PeerFrame.encode(message))
    }

    /// Sends what the effects of a round have queued: one write per stream.
    func flushStreams() {
        for stream in streams.values where stream.buffers.hasUnsent {
            flush(stream, at: .now)
        }
    }

    private func flush(_ stream: PeerStream, at now: Instant) {
        if case .connecting = stream.phase { return }
        do throws(SystemError) {
            while stream.buffers.hasUnsent {
                let count = try sendFront(of: stream.buffers.unsent, on: stream.socket)
                if count == 0 { break }
                stream.buffers.wrote(count)
            }
        } catch {
            return close(stream, at: now)
        }
        if stream.buffers.isOverfull { return close(stream, at: now) }
        watch(stream)
    }

    private func watch(_ stream: PeerStream) {
        let interest: Poller.Interest
        switch stream.phase {
        case .connecting: interest = .writable
        case .greeting, .open:
            interest = stream.buffers.hasUnsent ? [.readable, .writable] : .readable
        }
        arm(stream.socket.descriptor, id: stream.id, &stream.watch, for: interest)
    }

    func expireHandshakes(at now: Instant) {
        for stream in streams.values {
            switch stream.phase {
            case .connecting(let since), .greeting(let since):
                if now - since >= PeerStream.handshakeLimit { close(stream, at: now) }
            case .open: break
            }
        }
    }

    func close(_ stream: PeerStream, at now: Instant) {
        guard streams.removeValue(forKey: stream.id) != nil else { return }
        stream.socket.close()
        guard case .outgoing(let peer) = stream.direction else { return }
        outgoing[peer] = nil
        scheduleReconnect(peer, at: now)
        if stream.phase == .open { pendingInputs.append(.peerDisconnected(peer)) }
    }
}
