//! REST 2.0, the account routes, the OpenAPI document and the live notices.
