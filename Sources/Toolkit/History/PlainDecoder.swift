/// Reads the events of one chunk, whose bytes are no longer compressed, into a fixed size each.
///
/// It is made for speed and says of malformed bytes only that they are: `EventDecoder` reads the
/// same bytes and has the words.
struct PlainDecoder {
    private var position = 0
    private var previousTime: UInt64 = 0
    /// Something was not as it must be; what was read from there on means nothing.
    private(set) var isMalformed = false

    /// Appends so many events, which must end at `end`.
    mutating func decode(
        _ bytes: Span<UInt8>, count: UInt32, end: Int, into chunk: inout PlainChunk
    ) {
        for _ in 0..<count {
            guard !isMalformed, position < bytes.count else {
                isMalformed = true
                return
            }
            chunk.events.append(event(bytes, &chunk.members))
        }
        if position != end { isMalformed = true }
    }

    private mutating func event(
        _ bytes: Span<UInt8>, _ members: inout [ResourceID]
    ) -> PlainEvent {
        var event = PlainEvent()
        let tag = byte(bytes)
        previousTime &+= number(bytes)
        event.time = RunInstant(previousTime)
        event.process = ProcessID(short(bytes))
        switch tag {
        case EncodedContent.Tag.invoke: invocation(bytes, &event, &members)
        case EncodedContent.Tag.complete:
            event.attempt = number(bytes)
            outcome(bytes, &event, &members)
        case EncodedContent.Tag.fault: fault(bytes, &event)
        case EncodedContent.Tag.note: text(bytes)
        default: isMalformed = true
        }
        return event
    }

    private mutating func invocation(
        _ bytes: Span<UInt8>, _ event: inout PlainEvent, _ members: inout [ResourceID]
    ) {
        event.attempt = number(bytes)
        if flag(bytes) {
            event.id = OperationID(wide(bytes))
            event.fields.insert(.id)
        }
        optionalSlot(bytes, &event)
        _ = number(bytes)  // The replica that was asked.
        guard let kind = PlainEvent.Kind(rawValue: byte(bytes)), kind.isInvocation else {
            isMalformed = true
            return
        }
        event.kind = kind
        switch kind {
        case .reserve, .confirm, .release:
            event.object = wide(bytes)
            event.second = wide(bytes)
            setNumber(bytes, &event)
        case .reserveBundle:
            list(bytes, &event, &members)
            event.second = wide(bytes)
            setNumber(bytes, &event)
        case .createResource, .revoke, .reclaim: event.object = wide(bytes)
        case .getResource, .getReservation:
            event.object = wide(bytes)
            optionalLSN(bytes, &event)
        case .tickExpirations: break
        case .committed, .refused, .ticked, .readResource, .readLease, .readNotFound,
            .readRetired, .failed, .ambiguous, .faultBegin, .faultEnd, .note:
            isMalformed = true
        }
    }

    private mutating func outcome(
        _ bytes: Span<UInt8>, _ event: inout PlainEvent, _ members: inout [ResourceID]
    ) {
        switch byte(bytes) {
        case 1:
            event.kind = .committed
            setLSN(bytes, &event)
            if flag(bytes) {
                event.object = wide(bytes)
                event.fields.insert(.reservation)
            }
            if flag(bytes) { setNumber(bytes, &event) }
            optionalSlot(bytes, &event)
            if flag(bytes) { event.fields.insert(.fromRetryCache) }
        case 2:
            event.kind = .refused
            setLSN(bytes, &event)
            event.code = code(bytes, RefusalCode.self)
            if flag(bytes) { event.fields.insert(.fromRetryCache) }
        case 3:
            event.kind = .ticked
            event.number = UInt64(short(bytes))
            event.fields.insert(.number)
            optionalLSN(bytes, &event)
        case 4:
            if let role = role(bytes), role != .primary { event.fields.insert(.notPrimary) }
            if flag(bytes) {
                event.observed = LSN(number(bytes))
                event.fields.insert(.observed)
            }
            answer(bytes, &event, &members)
        case 5: failure(bytes, &event)
        case 6:
            event.kind = .ambiguous
            event.code = code(bytes, Ambiguity.self)
        default: isMalformed = true
        }
    }

    private mutating func answer(
        _ bytes: Span<UInt8>, _ event: inout PlainEvent, _ members: inout [ResourceID]
    ) {
        switch byte(bytes) {
        case 1:
            event.kind = .readResource
            event.object = wide(bytes)
            event.code = code(bytes, ResourceView.State.self)
            if flag(bytes) {
                event.second = wide(bytes)
                event.fields.insert(.reservation)
            }
            setNumber(bytes, &event)
        case 2:
            event.kind = .readLease
            event.object = wide(bytes)
            event.second = wide(bytes)
            event.code = code(bytes, LeaseView.State.self)
            setNumber(bytes, &event)
            setLSN(bytes, &event)
            optionalSlot(bytes, &event)
            if flag(bytes) {
                event.released = LSN(number(bytes))
                event.fields.insert(.released)
            }
            if flag(bytes) {
                event.retireAfter = Slot(number(bytes))
                event.fields.insert(.retireAfter)
            }
            list(bytes, &event, &members)
        case 3: event.kind = .readNotFound
        case 4: event.kind = .readRetired
        default: isMalformed = true
        }
    }

    private mutating func failure(_ bytes: Span<UInt8>, _ event: inout PlainEvent) {
        event.kind = .failed
        event.code = byte(bytes)
        switch event.code {
        case PlainEvent.notPrimary: role(bytes)
        case PlainEvent.fenceNotApplied: optionalLSN(bytes, &event)
        case 3...DefiniteFailure.connectionRefused.tag: break
        default: isMalformed = true
        }
    }

    private mutating func fault(_ bytes: Span<UInt8>, _ event: inout PlainEvent) {
        event.attempt = number(bytes)
        event.kind = code(bytes, FaultEvent.Phase.self) == 0 ? .faultBegin : .faultEnd
        text(bytes)
        for _ in 0..<count(bytes) { _ = number(bytes) }
        text(bytes)
    }
}

// MARK: - Fields

extension PlainDecoder {
    private mutating func setNumber(_ bytes: Span<UInt8>, _ event: inout PlainEvent) {
        event.number = number(bytes)
        event.fields.insert(.number)
    }

    private mutating func setLSN(_ bytes: Span<UInt8>, _ event: inout PlainEvent) {
        event.lsn = LSN(number(bytes))
        event.fields.insert(.lsn)
    }

    private mutating func optionalLSN(_ bytes: Span<UInt8>, _ event: inout PlainEvent) {
        if flag(bytes) { setLSN(bytes, &event) }
    }

    private mutating func optionalSlot(_ bytes: Span<UInt8>, _ event: inout PlainEvent) {
        guard flag(bytes) else { return }
        event.slot = Slot(number(bytes))
        event.fields.insert(.slot)
    }

    private mutating func list(
        _ bytes: Span<UInt8>, _ event: inout PlainEvent, _ members: inout [ResourceID]
    ) {
        event.membersStart = UInt32(members.count)
        let count = count(bytes)
        event.membersCount = UInt32(count)
        for _ in 0..<count { members.append(ResourceID(wide(bytes))) }
    }

    /// A count of elements, each of which takes at least one byte.
    private mutating func count(_ bytes: Span<UInt8>) -> Int {
        let count = number(bytes)
        guard count <= UInt64(bytes.count - position) else {
            isMalformed = true
            return 0
        }
        return Int(count)
    }

    @discardableResult
    private mutating func role(_ bytes: Span<UInt8>) -> ReplicaRole? {
        guard flag(bytes) else { return nil }
        let role = ReplicaRole(tag: number(bytes))
        if role == nil { isMalformed = true }
        return role
    }

    private mutating func code<Value: RawRepresentable>(
        _ bytes: Span<UInt8>, _ type: Value.Type
    ) -> UInt8 where Value.RawValue == UInt8 {
        let raw = byte(bytes)
        if Value(rawValue: raw) == nil { isMalformed = true }
        return raw
    }

    /// Passes over a text, which must be UTF-8.
    private mutating func text(_ bytes: Span<UInt8>) {
        let count = count(bytes)
        let place = position..<position + count
        position += count
        let isText = bytes.extracting(place).withUnsafeBufferPointer {
            String(validating: $0, as: UTF8.self) != nil
        }
        if !isText { isMalformed = true }
    }

    @inline(__always)
    private mutating func flag(_ bytes: Span<UInt8>) -> Bool {
        let value = byte(bytes)
        if value > 1 { isMalformed = true }
        return value == 1
    }

    @inline(__always)
    private mutating func byte(_ bytes: Span<UInt8>) -> UInt8 {
        guard position < bytes.count else {
            isMalformed = true
            return 0
        }
        let value = bytes[position]
        position &+= 1
        return value
    }
}

// MARK: - Numbers

extension PlainDecoder {
    @inline(__always)
    private mutating func number(_ bytes: Span<UInt8>) -> UInt64 {
        if position &+ 8 <= bytes.count {
            let word = bytes.word(at: position)
            if word & 0x80 == 0 {
                position &+= 1
                return word & 0x7f
            }
            let stops = ~word & 0x8080_8080_8080_8080
            if stops != 0 {
                let bits = UInt64(stops.trailingZeroBitCount &+ 1)
                position &+= Int(bits >> 3)
                return Self.sevens(word & (UInt64.max >> (64 &- bits)))
            }
        }
        let long = longNumber(bytes)
        if long > UInt128(UInt64.max) { isMalformed = true }
        return UInt64(truncatingIfNeeded: long)
    }

    @inline(__always)
    private mutating func wide(_ bytes: Span<UInt8>) -> UInt128 {
        if position &+ 8 <= bytes.count {
            let word = bytes.word(at: position)
            let stops = ~word & 0x8080_8080_8080_8080
            if stops != 0 {
                let bits = UInt64(stops.trailingZeroBitCount &+ 1)
                position &+= Int(bits >> 3)
                return UInt128(Self.sevens(word & (UInt64.max >> (64 &- bits))))
            }
        }
        return longNumber(bytes)
    }

    private mutating func short(_ bytes: Span<UInt8>) -> UInt32 {
        let value = number(bytes)
        if value > UInt64(UInt32.max) { isMalformed = true }
        return UInt32(truncatingIfNeeded: value)
    }

    /// The low seven bits of each byte, put together.
    @inline(__always)
    private static func sevens(_ word: UInt64) -> UInt64 {
        var value = word & 0x7f7f_7f7f_7f7f_7f7f
        value = (value & 0x7f00_7f00_7f00_7f00) >> 1 | (value & 0x007f_007f_007f_007f)
        value = (value & 0x3fff_0000_3fff_0000) >> 2 | (value & 0x0000_3fff_0000_3fff)
        return (value & 0x0fff_ffff_0000_0000) >> 4 | (value & 0x0000_0000_0fff_ffff)
    }

    /// Eight bytes at a time as far as they last.
    private mutating func longNumber(_ bytes: Span<UInt8>) -> UInt128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while shift <= 56, position &+ 8 <= bytes.count {
            let word = bytes.word(at: position)
            let stops = ~word & 0x8080_8080_8080_8080
            if stops != 0 {
                let bits = UInt64(stops.trailingZeroBitCount &+ 1)
                position &+= Int(bits >> 3)
                return value | UInt128(Self.sevens(word & (UInt64.max >> (64 &- bits)))) << shift
            }
            value |= UInt128(Self.sevens(word)) << shift
            position &+= 8
            shift += 56
        }
        while shift < 128 {
            let next = byte(bytes)
            let part = UInt128(next & 0x7f)
            if (part << shift) >> shift != part { isMalformed = true }
            value |= part << shift
            if next < 0x80 { return value }
            shift += 7
        }
        isMalformed = true
        return value
    }
}
