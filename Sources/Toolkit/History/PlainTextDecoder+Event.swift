extension PlainTextDecoder {
    /// Puts together what a whole line said; false where something is missing or does not fit, for
    /// which the other decoder has the words.
    mutating func complete() -> Bool {
        guard wide & demands.narrow == 0, has(demands.line, numbers: demands.lineNumbers)
        else { return false }
        event.kind = words.kinds[Int(code(.operation))]
        event.sequence = narrow(.sequence)
        if stands(.operationID, .operationID) {
            event.operationID = OperationID(value(.operationID))
        }
        if stands(.reservationID, .reservation) {
            event.reservation = ReservationID(value(.reservationID))
        }
        if stands(.leaseEpoch, .epoch) { event.epoch = LeaseEpoch(narrow(.leaseEpoch)) }
        if stands(.requiredLSN, .required) { event.required = LSN(narrow(.requiredLSN)) }
        if stands(.requestSlot, .slot) { event.slot = Slot(narrow(.requestSlot)) }
        switch code(.outcome) {
        case PlainTextVocabulary.committed: return completeWrite()
        case PlainTextVocabulary.readOK: return completeRead()
        case PlainTextVocabulary.definiteFailure:
            guard seen & bit(.reason) != 0, code(.reason) < PlainTextVocabulary.firstAmbiguity
            else { return false }
            event.outcome = .definiteFailure
            event.reason = words.reasons[Int(code(.reason))]
            return true
        default:
            event.outcome = .ambiguous
            return seen & bit(.reason) != 0 && code(.reason) >= PlainTextVocabulary.firstAmbiguity
        }
    }

    private mutating func completeWrite() -> Bool {
        guard has(bit(.writeResult), numbers: demands.committed),
            let outcome = PlainTextEvent.Outcome(rawValue: code(.writeResult))
        else { return false }
        event.outcome = outcome
        event.lsn = LSN(narrow(.appliedLSN))
        switch outcome {
        case .reserved:
            guard has(0, numbers: demands.reserved) else { return false }
            event.deadline = Slot(narrow(.expiresAt))
            event.committedEpoch = LeaseEpoch(narrow(.committedLeaseEpoch))
            setHolding()
        case .confirmed:
            guard has(0, numbers: demands.confirmed) else { return false }
            event.committedEpoch = LeaseEpoch(narrow(.committedLeaseEpoch))
            setHolding()
        case .released:
            guard has(0, numbers: demands.released) else { return false }
            if stands(.releasedLSN, .released) { event.released = LSN(narrow(.releasedLSN)) }
            setHolding()
        case .revoked, .reclaimed:
            guard has(0, numbers: demands.ended) else { return false }
            event.committedReservation = ReservationID(value(.committedReservationID))
        case .tickExpired: return seen & bit(.expired) != 0
        case .readOK, .definiteFailure, .ambiguous: return false
        }
        return true
    }

    private mutating func setHolding() {
        event.resource = ResourceID(value(.resourceID))
        event.committedReservation = ReservationID(value(.committedReservationID))
        event.committedHolder = HolderID(value(.committedHolderID))
    }

    private mutating func completeRead() -> Bool {
        guard has(demands.read, numbers: bit(.servedBy)), seen & demands.states != 0 else {
            return false
        }
        event.outcome = .readOK
        event.servedBy = ReplicaID(narrow(.servedBy))
        event.servedRole = words.roles[Int(code(.servedRole))]
        if stands(.observedLSN, .observed) { event.lsn = LSN(narrow(.observedLSN)) }
        return true
    }

    // MARK: - Values

    @inline(__always)
    private func bit(_ key: TextKey) -> UInt32 { 1 &<< UInt32(truncatingIfNeeded: key.rawValue) }

    @inline(__always)
    private func has(_ keys: UInt32, numbers: UInt32) -> Bool {
        seen & keys == keys && numbered & numbers == numbers
    }

    @inline(__always)
    private mutating func stands(_ key: TextKey, _ field: PlainTextEvent.Fields) -> Bool {
        guard numbered & bit(key) != 0 else { return false }
        event.fields.insert(field)
        return true
    }

    @inline(__always)
    private func value(_ key: TextKey) -> UInt128 { values[key.rawValue] }

    /// A number that is known to fit.
    @inline(__always)
    private func narrow(_ key: TextKey) -> UInt64 { UInt64(truncatingIfNeeded: value(key)) }

    @inline(__always)
    private func code(_ key: TextKey) -> UInt8 { UInt8(truncatingIfNeeded: value(key)) }
}

// MARK: - Lists and states

extension PlainTextNumbers {
    /// Members between commas.
    func members(
        _ bytes: UnsafeRawPointer, _ place: inout Int, _ event: inout PlainTextEvent,
        _ list: inout [ResourceID]
    ) -> Bool {
        event.membersStart = UInt32(list.count)
        while let member = read(bytes, &place) {
            list.append(ResourceID(member))
            event.membersCount &+= 1
            guard byte(bytes, place) == UInt8(ascii: ",") else { return true }
            place &+= 1
        }
        return false
    }

    /// Entries of four parts between commas.
    func expired(
        _ bytes: UnsafeRawPointer, _ place: inout Int, _ event: inout PlainTextEvent,
        _ list: inout [TextWriteResult.Expired]
    ) -> Bool {
        event.expiredStart = UInt32(list.count)
        while true {
            guard let resource = part(bytes, &place), let holder = part(bytes, &place),
                let reservation = part(bytes, &place)
            else { return false }
            var released: LSN?
            if let lsn = read(bytes, &place) {
                guard lsn <= UInt128(UInt64.max) else { return false }
                released = LSN(UInt64(truncatingIfNeeded: lsn))
            } else if !skip("none", bytes, &place) {
                return false
            }
            list.append(
                TextWriteResult.Expired(
                    ResourceID(resource), HolderID(holder), ReservationID(reservation),
                    releasedLSN: released))
            event.expiredCount &+= 1
            guard byte(bytes, place) == UInt8(ascii: ",") else { return true }
            place &+= 1
        }
    }

    /// Passes over what a read showed of a resource.
    func skipResourceState(_ bytes: UnsafeRawPointer, _ place: inout Int) -> Bool {
        if skip("available", bytes, &place) { return true }
        if skip("reserved:", bytes, &place) {
            return part(bytes, &place) != nil && part(bytes, &place) != nil
                && narrow(bytes, &place)
        }
        return skip("confirmed:", bytes, &place) && part(bytes, &place) != nil
            && read(bytes, &place) != nil
    }

    /// Passes over what a read showed of a reservation.
    func skipReservationState(_ bytes: UnsafeRawPointer, _ place: inout Int) -> Bool {
        if skip("active:", bytes, &place) {
            return part(bytes, &place) != nil && part(bytes, &place) != nil
                && narrow(bytes, &place)
                && (skip(":true", bytes, &place) || skip(":false", bytes, &place))
        }
        if skip("released:", bytes, &place) {
            return part(bytes, &place) != nil && part(bytes, &place) != nil
                && (narrow(bytes, &place) || skip("none", bytes, &place))
        }
        return skip("not_found", bytes, &place) || skip("retired", bytes, &place)
    }

    /// A number with a colon behind it.
    @inline(__always)
    private func part(_ bytes: UnsafeRawPointer, _ place: inout Int) -> UInt128? {
        guard let number = read(bytes, &place), byte(bytes, place) == UInt8(ascii: ":") else {
            return nil
        }
        place &+= 1
        return number
    }

    /// A number of 64 bits.
    @inline(__always)
    private func narrow(_ bytes: UnsafeRawPointer, _ place: inout Int) -> Bool {
        guard let number = read(bytes, &place) else { return false }
        return number <= UInt128(UInt64.max)
    }

    @inline(__always)
    private func byte(_ bytes: UnsafeRawPointer, _ place: Int) -> UInt8 {
        bytes.load(fromByteOffset: place, as: UInt8.self)
    }

    /// Passes over a text that stands there.
    @inline(__always)
    private func skip(
        _ text: StaticString, _ bytes: UnsafeRawPointer, _ place: inout Int
    ) -> Bool {
        for index in 0..<text.utf8CodeUnitCount
        where text.utf8Start[index] != byte(bytes, place &+ index) {
            return false
        }
        place &+= text.utf8CodeUnitCount
        return true
    }
}
