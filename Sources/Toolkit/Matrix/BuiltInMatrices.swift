extension MatrixFile {
    /// The text of the matrix of that name that comes with the tool, wherever it is installed.
    public static func builtIn(_ name: String) -> String? { builtInTexts[name] }

    public static let builtInNames = builtInTexts.keys.sorted()
}
