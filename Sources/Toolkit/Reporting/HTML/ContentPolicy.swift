import ByteCoding
import Digests
import PageAssets

/// What a page may do: run its own scripts, which are named by their digests, and nothing else.
/// Nothing is fetched, sent or framed, whatever a record may have smuggled into the page.
enum ContentPolicy {
    static func text() throws(SHA256.Unavailable) -> String {
        let scripts = try "\(source(.plotScript)) \(source(.pageScript))"
        let styles = try "\(source(.plotStyle)) \(source(.pageStyle))"
        return "default-src 'none'; script-src \(scripts); style-src \(styles); "
            + "base-uri 'none'; form-action 'none'"
    }

    private static func source(_ asset: PageAsset) throws(SHA256.Unavailable) -> String {
        "'sha256-\(Base64.encode(try SHA256.digest(of: asset.bytes)))'"
    }
}
