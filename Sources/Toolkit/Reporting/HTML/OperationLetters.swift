import History

/// Letters for the commands of one finding, so that a person can follow them: the 38 digits of an
/// operation id are no name. Retries of one command share its letter.
struct OperationLetters {
    private var ofCommand: [OperationID: String] = [:]
    private var ofAttempt: [Int: String] = [:]

    /// Letters in the order of sending.
    init(_ indices: [Int], of activity: RunActivity) {
        var count = 0
        for index in indices {
            let id = activity.attempts[index].invocation.operationID
            if let id, let known = ofCommand[id] {
                ofAttempt[index] = known
                continue
            }
            let letter = Self.letter(count)
            count += 1
            ofAttempt[index] = letter
            if let id { ofCommand[id] = letter }
        }
    }

    subscript(attempt: Int) -> String? { ofAttempt[attempt] }

    /// A, B, … Z, AA, AB, …
    private static func letter(_ number: Int) -> String {
        var number = number
        var text = ""
        repeat {
            // 0...25 above "A" is an ASCII letter.
            text = String(UnicodeScalar(UInt8(65 + number % 26))) + text
            number = number / 26 - 1
        } while number >= 0
        return text
    }

    /// The explanation of a finding with its operation ids as letters.
    func write(_ explanation: String, to html: inout HTMLText) {
        var rest = Substring(explanation)
        while let start = rest.firstIndex(where: Self.isDigit) {
            let before = rest[..<start]
            html.write(String(before))
            let digits = rest[start...].prefix(while: Self.isDigit)
            // A short number may be anything; that of an operation is introduced as such.
            if before.hasSuffix("peration ") || digits.count > 20, let value = UInt128(digits),
                let letter = ofCommand[OperationID(value)]
            {
                html.element("abbr", ["class": "op", "title": "operation \(digits)"], letter)
            } else {
                html.write(String(digits))
            }
            rest = rest[digits.endIndex...]
        }
        html.write(String(rest))
    }

    private static func isDigit(_ character: Character) -> Bool {
        character.isASCII && character.isNumber
    }
}
