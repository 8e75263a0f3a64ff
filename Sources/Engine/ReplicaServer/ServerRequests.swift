import ClusterProtocol
import LeaseKernel
import Replication
import SystemCalls

/// One request per connection, on all three ports.
extension ReplicaServer {
    /// Bytes taken from one connection before the others get their turn.
    static var readChunk: Int { 64 << 10 }
    static var acceptBatch: Int { 64 }

    func acceptConnections(on port: Port, at now: Instant) {
        guard let listener = listeners[port] else { return }
        defer {
            if acceptPausedUntil[port] == nil { rearm(listener.descriptor, port.listenerToken) }
        }
        for _ in 0..<Self.acceptBatch {
            guard makeRoom(on: port, at: now) else { return pauseAccepting(on: port, at: now) }
            let socket: TCPConnection?
            do {
                socket = try listener.accept()
            } catch {
                // Out of descriptors or memory: those that are open will end and give some back.
                log.event("event=accept_failed port=\(port.rawValue) error=\(error)")
                return pauseAccepting(on: port, at: now)
            }
            guard let socket else { return }
            open(socket, on: port, at: now)
        }
    }

    private func open(_ socket: TCPConnection, on port: Port, at now: Instant) {
        let request = RequestConnection(
            id: newConnectionID(), port: port, socket: socket,
            limits: .standard(for: port), at: now)
        requests[request.id] = request
        openRequests[port, default: 0] += 1
        if port != .control {
            // Again for each connection: it may have been made after the round began.
            checkIsolation()
            if isolation.isIsolated {
                return reply(TextReply.isolated.bytes, to: request, at: now)
            }
        }
        progress(request, .readable, at: now)
    }

    /// Room for one more connection, if necessary at the cost of the one that has been sending
    /// its request for longest; false when all are being answered.
    private func makeRoom(on port: Port, at now: Instant) -> Bool {
        guard openRequests[port, default: 0] >= PortLimits.standard(for: port).connections else {
            return true
        }
        let idle = requests.values.filter { $0.port == port && $0.machine.wantsInput }
        guard let oldest = idle.min(by: { $0.acceptedAt < $1.acceptedAt }) else { return false }
        close(oldest)
        return true
    }

    private func pauseAccepting(on port: Port, at now: Instant) {
        guard let listener = listeners[port], acceptPausedUntil[port] == nil else { return }
        try? poller.remove(listener.descriptor)
        acceptPausedUntil[port] = now + Self.sweepInterval
        nextSweep = min(nextSweep, now + Self.sweepInterval)
    }

    func resumeAccepting(at now: Instant) {
        for (port, until) in acceptPausedUntil where now >= until {
            guard let listener = listeners[port] else { continue }
            acceptPausedUntil[port] = nil
            do {
                try poller.add(
                    listener.descriptor, token: port.listenerToken, interest: [.readable, .once])
            } catch {
                acceptPausedUntil[port] = now + Self.sweepInterval
            }
        }
    }

    /// Reads or writes what is possible now.
    func progress(_ request: RequestConnection, _ ready: Poller.Interest, at now: Instant) {
        do throws(SystemError) {
            switch request.machine.state {
            case .reading, .lingering:
                if ready.contains(.readable) { try read(request, at: now) }
            case .answering:
                // Nothing is watched for now but the peer's disappearance.
                if ready.contains(.hangup) { return close(request) }
            case .writing:
                try write(request, at: now)
            }
        } catch {
            // The peer has gone; what it asked for goes on, its answer has no receiver.
            return close(request)
        }
        if requests[request.id] != nil { watch(request) }
    }

    private func read(_ request: RequestConnection, at now: Instant) throws(SystemError) {
        var taken = 0
        while request.machine.wantsInput, taken < 4 * Self.readChunk {
            switch try request.socket.receive(atMost: Self.readChunk) {
            case .bytes(let bytes):
                taken += bytes.count
                perform(request.machine.received(bytes, at: now), request, at: now)
                if request.port == .protocol, becomesPeerStream(request, at: now) { return }
            case .end:
                return perform(request.machine.inputEnded(at: now), request, at: now)
            case .nothingYet:
                return
            }
            if requests[request.id] == nil { return }
        }
    }

    private func write(_ request: RequestConnection, at now: Instant) throws(SystemError) {
        let count =
            request.machine.unsent.isEmpty
            ? 0
            : try sendFront(of: request.machine.unsent, on: request.socket, endFollows: true)
        perform(request.machine.wrote(count, at: now), request, at: now)
    }

    func reply(_ bytes: [UInt8], to request: RequestConnection, at now: Instant) {
        perform(request.machine.reply(bytes, at: now), request, at: now)
        if requests[request.id] != nil { watch(request) }
    }

    func perform(_ action: OneShotConnection.Action, _ request: RequestConnection, at now: Instant)
    {
        switch action {
        case .wait: break
        case .serve(let bytes): serve(bytes, request, at: now)
        case .refuse(let refusal):
            reply(request.port.text(of: refusal), to: request, at: now)
        case .write:
            do throws(SystemError) { try write(request, at: now) } catch { close(request) }
        case .endSending:
            try? request.socket.finishSending()
            // What has arrived already is thrown away now; an ended peer closes at once.
            do throws(SystemError) { try read(request, at: now) } catch { close(request) }
        case .close: close(request)
        }
    }

    private func watch(_ request: RequestConnection) {
        let interest: Poller.Interest
        switch request.machine.state {
        case .reading, .lingering: interest = .readable
        case .writing: interest = .writable
        case .answering:
            if request.watch == .none { return }
            interest = []
        }
        arm(request.socket.descriptor, id: request.id, &request.watch, for: interest)
        nextSweep = min(nextSweep, .now + Self.sweepInterval)
    }

    func close(_ request: RequestConnection) {
        guard requests.removeValue(forKey: request.id) != nil else { return }
        openRequests[request.port, default: 1] -= 1
        request.socket.close()
    }
}

extension Port {
    /// The reply to a request that cannot become complete.
    fileprivate func text(of refusal: OneShotConnection.Refusal) -> [UInt8] {
        let timeOut = "Resource temporarily unavailable (os error 11)"
        switch (self, refusal) {
        case (.client, .tooLarge): return TextReply.requestTooLarge.bytes
        case (.client, .timedOut): return TextReply.requestUnreadable(detail: timeOut).bytes
        case (.control, .tooLarge), (.protocol, .tooLarge):
            let limit = PortLimits.standard(for: self).requestBytes
            return ErrorText.bytes("\(rawValue) request exceeds max size \(limit) bytes")
        case (.control, .timedOut), (.protocol, .timedOut):
            return ErrorText.bytes("failed to read \(rawValue) request: \(timeOut)")
        }
    }
}
