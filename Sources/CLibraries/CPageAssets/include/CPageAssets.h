#pragma once

/// A file that is part of the report page, as it lies in this folder.
struct page_asset {
    const char *_Nonnull bytes;
    unsigned long count;
};

struct page_asset page_asset_own_script(void);
struct page_asset page_asset_own_style(void);
struct page_asset page_asset_plot_script(void);
struct page_asset page_asset_plot_style(void);
struct page_asset page_asset_plot_licence(void);
