/// The states that a read answers with (validation.md 2.6). An unknown name or a wrong number of
/// parts quotes the whole value, a wrong part only itself.
enum TextState {
    typealias Problem = TextHistoryError.Problem

    static func resource(
        _ line: Span<UInt8>, _ range: Range<Int>
    ) throws(Problem) -> TextRead.State {
        let parts = TextField.parts(line, range, separator: UInt8(ascii: ":"))
        let reader = PartReader(key: .resourceState, parts: parts)
        switch (TextField.text(line, parts[0]), parts.count) {
        case ("available", 1): return .resourceAvailable
        case ("reserved", 4):
            return .resourceReserved(
                HolderID(try reader.number(line, 1)), ReservationID(try reader.number(line, 2)),
                deadline: Slot(try reader.number(line, 3)))
        case ("confirmed", 3):
            return .resourceConfirmed(
                HolderID(try reader.number(line, 1)), ReservationID(try reader.number(line, 2)))
        default: throw TextField.invalid(.resourceState, line, range)
        }
    }

    static func reservation(
        _ line: Span<UInt8>, _ range: Range<Int>
    ) throws(Problem) -> TextRead.State {
        let parts = TextField.parts(line, range, separator: UInt8(ascii: ":"))
        let reader = PartReader(key: .reservationState, parts: parts)
        switch (TextField.text(line, parts[0]), parts.count) {
        case ("not_found", 1): return .reservationNotFound
        case ("retired", 1): return .reservationRetired
        case ("active", 5):
            return .reservationActive(
                ResourceID(try reader.number(line, 1)), HolderID(try reader.number(line, 2)),
                deadline: Slot(try reader.number(line, 3)),
                confirmed: try reader.truth(line, 4))
        case ("released", 4):
            return .reservationReleased(
                ResourceID(try reader.number(line, 1)), HolderID(try reader.number(line, 2)),
                releasedLSN: try reader.numberOrNone(line, 3).map { LSN($0) })
        default: throw TextField.invalid(.reservationState, line, range)
        }
    }

    private struct PartReader {
        let key: TextKey
        let parts: [Range<Int>]

        func number<Value: FixedWidthInteger & UnsignedInteger>(
            _ line: Span<UInt8>, _ index: Int
        ) throws(Problem) -> Value {
            guard let value = TextField.number(line, parts[index], as: Value.self) else {
                throw TextField.invalid(key, line, parts[index])
            }
            return value
        }

        func numberOrNone(_ line: Span<UInt8>, _ index: Int) throws(Problem) -> UInt64? {
            guard let value = TextField.numberOrNone(line, parts[index]) else {
                throw TextField.invalid(key, line, parts[index])
            }
            return value
        }

        func truth(_ line: Span<UInt8>, _ index: Int) throws(Problem) -> Bool {
            switch TextField.text(line, parts[index]) {
            case "true": return true
            case "false": return false
            default: throw TextField.invalid(key, line, parts[index])
            }
        }
    }
}
