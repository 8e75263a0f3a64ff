import CPageAssets

/// A file that is part of every report page. It is compiled into the program
/// (Sources/CLibraries/CPageAssets), so that an installed program finds it wherever it lies.
public enum PageAsset: Sendable, CaseIterable {
    /// Draws the charts of the page and moves in them.
    case pageScript
    case pageStyle
    /// uPlot, the plotting library, as the PyPI wheel `uplot-python` ships it.
    case plotScript
    case plotStyle
    case plotLicence

    public var bytes: [UInt8] {
        let asset =
            switch self {
            case .pageScript: page_asset_own_script()
            case .pageStyle: page_asset_own_style()
            case .plotScript: page_asset_plot_script()
            case .plotStyle: page_asset_plot_style()
            case .plotLicence: page_asset_plot_licence()
            }
        // A constant of the program that holds so many bytes.
        return Array(UnsafeRawBufferPointer(start: asset.bytes, count: Int(asset.count)))
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
