//! Pull requests on forges: one sticky comment and a status.
