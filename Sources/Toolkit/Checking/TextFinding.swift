/// Something in a text of version 1 that the contract does not allow, as far as such a text tells.
public struct TextFinding: Hashable, Sendable {
    public let code: FindingCode
    public let severity: Finding.Severity
    public let stage: Finding.Stage
    /// The lines of the events involved, from 1, in the order of the explanation.
    public let lines: [Int]
    /// One paragraph that a person can verify by hand.
    public let explanation: String
}
