"""What a browser may load and run: nothing but this host's files, no inline script anywhere."""

STRICT = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
DRAWING = {**STRICT, "style-src": "'self' 'unsafe-inline'"}
"""The drawing page's: its library places things with style attributes."""
NOTHING = {"default-src": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
"""For files that people wrote: whatever is in them is data."""
