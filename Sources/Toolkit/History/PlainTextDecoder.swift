/// Decodes lines of text version 1 as writers of histories put them: in ASCII, with single blanks,
/// with no key twice, with numbers in plain digits, and with nothing wrong. Such a line is read in
/// one pass over its bytes. Of any other line it says only that it is one: `TextEventDecoder`
/// reads that, and has the words for what is wrong.
struct PlainTextDecoder: ~Copyable {
    /// So many bytes behind the text must be there, all zero.
    static let padding = 64
    /// Longer lines are left to the other decoder.
    private static let longest = 1 << 20

    private var keys = PlainTextKeys()
    let numbers = PlainTextNumbers()
    let words = PlainTextVocabulary()

    // What the line holds, so far.
    var values: InlineArray<32, UInt128> = .init(repeating: 0)
    /// One bit for each key that was there, that has a number, and whose number takes more than 64
    /// bits.
    var seen: UInt32 = 0
    var numbered: UInt32 = 0
    var wide: UInt32 = 0
    var event = PlainTextEvent()
    private var kindOfLine = 0

    let demands = PlainTextDemands()
    private let kindKeys = PlainTextDemands.bits(.operation, .outcome, .writeResult)
    /// Keys that have a number, and those of them that may have `none` instead.
    private let optionalKeys = PlainTextDemands.bits(.requiredLSN, .releasedLSN, .observedLSN)
    private let numberKeys = PlainTextDemands.bits(
        .sequence, .timeMillis, .operationID, .resourceID, .reservationID, .holderID,
        .leaseEpoch, .requiredLSN, .requestSlot, .ttl, .appliedLSN, .committedReservationID,
        .committedHolderID, .committedLeaseEpoch, .expiresAt, .releasedLSN, .servedBy,
        .observedLSN)

    init() {}

    /// Appends the event in the line at `start`; the place behind the line's end, or nil for a
    /// line of another make, of which nothing is kept.
    mutating func decode(
        _ bytes: UnsafeRawPointer, from start: Int, into chunk: inout PlainTextChunk
    ) -> Int? {
        let members = chunk.members.count
        let expired = chunk.expired.count
        if let end = line(bytes, start, &chunk), end &- start <= Self.longest, complete() {
            chunk.events.append(event)
            return end
        }
        chunk.members.removeSubrange(members...)
        chunk.expired.removeSubrange(expired...)
        return nil
    }

    private mutating func line(
        _ bytes: UnsafeRawPointer, _ start: Int, _ chunk: inout PlainTextChunk
    ) -> Int? {
        seen = 0
        numbered = 0
        wide = 0
        kindOfLine = 0
        event = PlainTextEvent()
        var place = start
        var previous = TextKey.version.rawValue
        while true {
            guard
                let key = keys.read(bytes, &place, kind: kindOfLine, previous: previous)
            else { return nil }
            let bit = 1 as UInt32 &<< UInt32(truncatingIfNeeded: key)
            guard seen & bit == 0 else { return nil }
            seen |= bit
            previous = key
            if numberKeys & bit != 0 {
                if let number = numbers.read(bytes, &place) {
                    values[key] = number
                    numbered |= bit
                    if number > UInt128(UInt64.max) { wide |= bit }
                } else if !isNone(bytes, &place, bit) {
                    return nil
                }
            } else {
                guard other(key, bytes, &place, &chunk) else { return nil }
            }
            switch bytes.load(fromByteOffset: place, as: UInt8.self) {
            case UInt8(ascii: " "): place &+= 1
            case UInt8(ascii: "\n"): return place &+ 1
            default: return nil
            }
        }
    }

    /// Positions may be `none`, which is as if they were not there.
    private func isNone(_ bytes: UnsafeRawPointer, _ place: inout Int, _ bit: UInt32) -> Bool {
        guard optionalKeys & bit != 0,
            bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                == UInt32(littleEndian: 0x656e_6f6e)
        else { return false }
        place &+= 4
        return true
    }

    /// The value of a key that is no number.
    private mutating func other(
        _ key: Int, _ bytes: UnsafeRawPointer, _ place: inout Int, _ chunk: inout PlainTextChunk
    ) -> Bool {
        switch key {
        case TextKey.process.rawValue:
            place = PlainTextNumbers.endOfWord(bytes, place)
            return true
        case TextKey.resourceIDs.rawValue:
            return numbers.members(bytes, &place, &event, &chunk.members)
        case TextKey.expired.rawValue:
            return numbers.expired(bytes, &place, &event, &chunk.expired)
        case TextKey.resourceState.rawValue:
            return numbers.skipResourceState(bytes, &place)
        case TextKey.reservationState.rawValue:
            return numbers.skipReservationState(bytes, &place)
        case TextKey.version.rawValue: return false
        default: return word(key, bytes, &place)
        }
    }

    private mutating func word(
        _ key: Int, _ bytes: UnsafeRawPointer, _ place: inout Int
    ) -> Bool {
        let end = PlainTextNumbers.endOfWord(bytes, place)
        guard let code = words.find(key, bytes, place, count: end &- place) else { return false }
        place = end
        values[key] = UInt128(code)
        if kindKeys & (1 &<< UInt32(truncatingIfNeeded: key)) != 0 {
            kindOfLine = PlainTextKeys.kind(kindOfLine, behind: code)
        }
        return true
    }
}
