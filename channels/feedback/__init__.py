"""What people think of answers, by the buttons below them. It imports handles and providers; the edges import it."""
