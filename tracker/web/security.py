"""Owns the headers that every answer carries.

No page holds a script or a style of its own, so the policy needs no nonce: only our own files run.
"""

from flask import Flask, Response, request

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # the token check of Flask-WTF asks for the referrer over https
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask, *, https: bool) -> None:
    """Put the headers on every answer; over https also the promise to stay there.

    Only our own files may be kept by a browser: no page, and no letter or mail that was opened, stays on a machine.
    """
    headers = {**HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if https else {})}

    @app.after_request
    def add_headers(response: Response) -> Response:
        given = {name.lower() for name, _ in response.headers}
        for name, value in headers.items():
            if name.lower() not in given:  # asked of all at once: this is done for every answer
                response.headers.add(name, value)
        if request.endpoint != "static" and response.headers.get("Cache-Control") != "private, no-store":
            response.headers["Cache-Control"] = "no-store"
        return response
