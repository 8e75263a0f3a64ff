/// What one output stream can show. The facts are handed in, so that rendering is testable;
/// `Terminal.detect` asks the system for them.
public struct Terminal: Sendable, Equatable {
    /// Whether a person watches: lines may be rewritten in place.
    public let isInteractive: Bool
    /// Whether text may be coloured.
    public let hasColour: Bool
    /// Columns of one line.
    public let width: Int

    /// Help and reports are readable up to this width, however wide the window is.
    public static let widestText = 100
    /// Assumed when nothing is known.
    public static let usualWidth = 80
    public static let narrowest = 40

    public init(isInteractive: Bool, hasColour: Bool, width: Int) {
        self.isInteractive = isInteractive
        self.hasColour = hasColour
        self.width = width
    }

    /// Decides from the facts of a stream. Colour needs a terminal that is not `dumb` and no
    /// `NO_COLOR` of any value (`validation.md` 12.1, no-color.org); rewriting lines needs
    /// a terminal that is not `dumb`. A width of 0 or nil means unknown.
    public init(isTerminal: Bool, columns: Int?, environment: (String) -> String?) {
        let understandsControls = isTerminal && environment("TERM") != "dumb"
        isInteractive = understandsControls
        hasColour = understandsControls && environment("NO_COLOR") == nil
        let known = columns.flatMap { $0 > 0 ? $0 : nil }
        let stated = environment("COLUMNS").flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
        width = max(Self.narrowest, known ?? stated ?? Self.usualWidth)
    }

    /// The width of running text.
    public var textWidth: Int { min(width, Self.widestText) }

    /// The text in a style, or plain where colour is not wanted.
    public func styled(_ text: String, _ style: TextStyle) -> String {
        hasColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// The few styles in use, by their control sequence numbers.
public enum TextStyle: String, Sendable, CaseIterable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
}
