/// The version that every tool of this package prints and every record and bundle names.
public enum PackageVersion {
    public static let text = "0.1.0"
}
