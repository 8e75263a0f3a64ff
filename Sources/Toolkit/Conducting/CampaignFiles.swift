import DurableFiles
import JSONText
public import SystemCalls

extension CampaignFolder {
    /// Writes the summary in its three forms, each whole or not at all.
    public func write(_ summary: CampaignSummary) throws(SystemError) {
        let files = [
            ("campaign.json", summary.json.indented), ("junit.xml", summary.junit),
            ("summary.md", summary.markdown),
        ]
        for (name, text) in files {
            try DurableFiles.replace(Path.join(path, name), with: Array(text.utf8))
        }
    }
}
