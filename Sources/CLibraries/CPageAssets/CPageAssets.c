#include "CPageAssets.h"

/// The files are compiled in, so that an installed program needs none of them. As arrays of a C
/// file they cost nothing to compile; as literals of a Swift file they would cost minutes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char own_script[] = {
#embed "page.js"
};

static const char own_style[] = {
#embed "page.css"
};

static const char plot_script[] = {
#embed "vendor/uPlot.iife.js"
};

static const char plot_style[] = {
#embed "vendor/uPlot.min.css"
};

static const char plot_licence[] = {
#embed "vendor/LICENSE"
};

#define ASSET(name) \
    struct page_asset page_asset_##name(void) { \
        return (struct page_asset){name, sizeof name}; \
    }

ASSET(own_script)
ASSET(own_style)
ASSET(plot_script)
ASSET(plot_style)
ASSET(plot_licence)
