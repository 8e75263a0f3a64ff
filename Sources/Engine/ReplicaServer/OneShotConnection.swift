import SystemCalls

/// The life of one request on one connection: bytes until the peer ends its direction, one
/// answer, the end (wire-api.md 7.1). A plain state machine: it is told what happened and says
/// what to do; sockets and clocks are the server's.
struct OneShotConnection {
    enum State: Equatable {
        case reading(lastByte: Instant)
        case answering(since: Instant)
        case writing(lastProgress: Instant)
        /// The answer is out and our direction ended; what the peer still sends is thrown away.
        case lingering(since: Instant)
    }

    enum Action: Equatable {
        case wait
        /// A complete request; `reply` must be called with the answer.
        case serve([UInt8])
        /// The request can never be complete; `reply` must be called with a refusal.
        case refuse(Refusal)
        /// `unsent` has bytes for the socket.
        case write
        /// Our direction may be ended, then bytes are thrown away until the peer ends his.
        case endSending
        case close
    }

    enum Refusal: Equatable {
        case tooLarge
        case timedOut
    }

    private let limits: PortLimits
    private let start: Instant
    private var request: [UInt8] = []
    private var answer: [UInt8] = []
    private var sent = 0
    private var peerEnded = false
    private(set) var state: State

    init(limits: PortLimits, at now: Instant) {
        self.limits = limits
        start = now
        state = .reading(lastByte: now)
    }

    /// Bytes that are already here, for a caller that decides by the first ones.
    var received: [UInt8] { request }

    /// The part of the answer that the socket has not taken yet.
    var unsent: ArraySlice<UInt8> { answer[sent...] }

    /// Whether the server should look for input: not while it computes an answer, so that a
    /// peer that keeps sending cannot fill our memory.
    var wantsInput: Bool {
        switch state {
        case .reading, .lingering: true
        case .answering, .writing: false
        }
    }

    mutating func received(_ bytes: [UInt8], at now: Instant) -> Action {
        guard case .reading = state else { return .wait }
        state = .reading(lastByte: now)
        guard request.count + bytes.count <= limits.requestBytes else {
            request = []
            state = .answering(since: now)
            return .refuse(.tooLarge)
        }
        request += bytes
        return .wait
    }

    /// The peer ended its direction.
    mutating func inputEnded(at now: Instant) -> Action {
        peerEnded = true
        switch state {
        case .reading:
            state = .answering(since: now)
            defer { request = [] }
            return .serve(request)
        case .answering, .writing: return .wait
        case .lingering: return .close
        }
    }

    /// The answer, before or after the request is complete. An answer is given once; later ones
    /// are ignored.
    mutating func reply(_ bytes: [UInt8], at now: Instant) -> Action {
        switch state {
        case .reading, .answering:
            request = []
            answer = bytes
            state = .writing(lastProgress: now)
            return .write
        case .writing, .lingering: return .wait
        }
    }

    /// The socket took `count` more bytes of `unsent`.
    mutating func wrote(_ count: Int, at now: Instant) -> Action {
        guard case .writing = state else { return .wait }
        sent += count
        if sent < answer.count {
            if count > 0 { state = .writing(lastProgress: now) }
            return .wait
        }
        if peerEnded { return .close }
        state = .lingering(since: now)
        return .endSending
    }

    /// Time has passed.
    mutating func tick(at now: Instant) -> Action {
        switch state {
        case .reading(let lastByte):
            guard
                now - lastByte >= limits.idleWhileReading || now - start >= limits.wholeRequest
            else { return .wait }
            state = .answering(since: now)
            return .refuse(.timedOut)
        case .answering(let since):
            return now - since >= limits.answer ? .close : .wait
        case .writing(let lastProgress):
            return now - lastProgress >= limits.idleWhileWriting ? .close : .wait
        case .lingering(let since):
            return now - since >= limits.lingering ? .close : .wait
        }
    }
}
