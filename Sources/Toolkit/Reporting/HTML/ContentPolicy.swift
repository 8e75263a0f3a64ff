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
        "'sha256-\(base64(try SHA256.digest(of: asset.bytes)))'"
    }

    /// RFC 4648, with padding.
    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value =
                group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(24 - 8 * group.count)
            for place in 0..<4 {
                // Six bits are below 64.
                let digit = Int(value >> UInt32(18 - 6 * place) & 63)
                text.append(place <= group.count ? alphabet[digit] : "=")
            }
        }
        return text
    }
}
