"""The components of the `core` collection, by what they are for."""
