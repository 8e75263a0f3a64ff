import History

/// Takes typed values out of a map, and says which one is missing or wrong.
struct FieldReader {
    struct Problem: Error, Hashable {
        let words: String
    }

    let field: Field

    init(_ field: Field) { self.field = field }

    func member(_ name: String) -> FieldReader? {
        guard let member = field[name], member != .nothing else { return nil }
        return FieldReader(member)
    }

    func required(_ name: String) throws(Problem) -> FieldReader {
        guard let member = member(name) else { throw Problem(words: "`\(name)` is missing") }
        return member
    }

    func number<Value: FixedWidthInteger>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(Problem) -> Value {
        guard let number = try required(name).field.number, let value = Value(exactly: number)
        else { throw Problem(words: "`\(name)` is no number of \(Value.bitWidth) bits") }
        return value
    }

    func optionalNumber<Value: FixedWidthInteger>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(Problem) -> Value? {
        member(name) == nil ? nil : try number(name)
    }

    func id<ID: HistoryNumber>(_ name: String) throws(Problem) -> ID {
        ID(try number(name))
    }

    func optionalID<ID: HistoryNumber>(_ name: String) throws(Problem) -> ID? {
        try optionalNumber(name).map { ID($0) }
    }

    func ids<ID: HistoryNumber>(_ name: String) throws(Problem) -> [ID] {
        var ids: [ID] = []
        for element in try list(name) {
            guard let number = element.field.number, let value = ID.RawValue(exactly: number)
            else {
                throw Problem(words: "`\(name)` holds what is no number")
            }
            ids.append(ID(value))
        }
        return ids
    }

    func list(_ name: String) throws(Problem) -> [FieldReader] {
        guard case .list(let elements) = try required(name).field else {
            throw Problem(words: "`\(name)` is no list")
        }
        return elements.map { FieldReader($0) }
    }

    func text(_ name: String) throws(Problem) -> String {
        guard let text = try required(name).field.string else {
            throw Problem(words: "`\(name)` is no text")
        }
        return text
    }

    /// One of the words of an enum.
    func choice<Value: CaseIterable>(
        _ name: String, _ word: (Value) -> String
    ) throws(Problem) -> Value {
        let text = try text(name)
        guard let value = Value.allCases.first(where: { word($0) == text }) else {
            throw Problem(words: "`\(name)` is `\(text)`, which is nothing known")
        }
        return value
    }

    func truth(_ name: String) throws(Problem) -> Bool {
        switch member(name)?.field {
        case nil: return false
        case .truth(let value): return value
        case .some: throw Problem(words: "`\(name)` is neither true nor false")
        }
    }
}
