/// By which promises a record is judged.
///
/// What is left out is not looked for, and what it leads to may show under the name of another
/// promise. A record that was not judged by all of them never passes. Whether the record itself is
/// whole is always looked at: nothing else means anything without.
public struct PromiseSelection: Hashable, Sendable {
    /// Codes that are not looked for, in the order of their numbers.
    public let leftOut: [FindingCode]

    /// Every promise.
    public static let all = PromiseSelection()

    /// Whether a code can be left out.
    public static func isOptional(_ code: FindingCode) -> Bool {
        switch code {
        case .brokenRecord, .recordTime, .recordPairing: false
        case _: true
        }
    }

    /// Only these (all when the list is empty), without those.
    public init(only: [FindingCode] = [], skip: [FindingCode] = []) {
        leftOut = FindingCode.allCases.filter { code in
            Self.isOptional(code)
                && (skip.contains(code) || !(only.isEmpty || only.contains(code)))
        }
    }

    func looksFor(_ code: FindingCode) -> Bool { !leftOut.contains(code) }

    /// The findings that are looked for.
    func kept(_ findings: [Finding]) -> [Finding] { findings.filter { looksFor($0.code) } }

    /// Why a record in which nothing was found does not pass; nil when nothing was left out.
    public func shortcoming(hidden: Int = 0) -> String? {
        guard !leftOut.isEmpty else { return nil }
        let count = FindingCode.allCases.count
        let names =
            leftOut.count * 2 <= count
            ? leftOut.map(\.rawValue).joined(separator: ", ")
            : "all but "
                + FindingCode.allCases.filter(looksFor).map(\.rawValue).joined(separator: ", ")
        return "checks were left out (\(leftOut.count) of \(count) promises: \(names)); nothing "
            + "was found by the others"
            + (hidden == 0
                ? ""
                : ", and what came to light of those left out may have ended the judgement early")
    }
}
