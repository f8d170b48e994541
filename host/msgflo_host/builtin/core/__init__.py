"""The components of the `core` collection, one a file, each as a user might write it."""
