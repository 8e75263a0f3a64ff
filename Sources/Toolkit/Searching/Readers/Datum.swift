/// A piece of EDN or JSON: what a history is made of, without the differences of notation.
struct Datum: Equatable {
    enum Form: Equatable {
        case nothing
        case truth(Bool)
        case integer(Int64)
        /// A string, keyword, symbol, or a number that is no `Int64`.
        case text(String)
        case list([Datum])
        case map([Member])
    }

    struct Member: Equatable {
        var name: String
        var value: Datum
    }

    var form: Form
    /// Where it begins.
    var offset: Int

    static let depthLimit = 64

    subscript(_ name: String) -> Datum? {
        guard case .map(let members) = form else { return nil }
        return members.first { $0.name == name }?.value
    }

    var text: String? {
        guard case .text(let text) = form else { return nil }
        return text
    }

    var list: [Datum]? {
        guard case .list(let elements) = form else { return nil }
        return elements
    }
}
