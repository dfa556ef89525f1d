# Principals and their policies: inline, attached, and as resources of their own. Keys and secrets.
locals {
  assumed_by_lambda = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  assumed_by_ec2 = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = ["ec2.amazonaws.com"] }, Action = ["sts:AssumeRole"] }]
  })
  read_logs = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:ListBucket", "s3:GetObject"], Resource = "arn:aws:s3:::estate-logs/*" }]
  })
}

resource "aws_iam_role" "inline" {
  count              = 2
  name               = "inline-${count.index}"
  description        = "policies inline"
  assume_role_policy = local.assumed_by_lambda
  inline_policy {
    name   = "read-logs"
    policy = local.read_logs
  }
  managed_policy_arns = [aws_iam_policy.main[0].arn]
  tags                = { Name = "inline-${count.index}" }
}

resource "aws_iam_role" "beside" {
  count              = 3
  name               = "beside-${count.index}"
  description        = "policies beside it"
  assume_role_policy = local.assumed_by_ec2
  tags               = { Name = "beside-${count.index}" }
}

resource "aws_iam_role_policy" "beside" {
  count  = 2
  name   = "read-logs"
  role   = aws_iam_role.beside[count.index].id
  policy = local.read_logs
}

resource "aws_iam_role_policy_attachment" "beside" {
  count      = 2
  role       = aws_iam_role.beside[count.index].name
  policy_arn = aws_iam_policy.main[1].arn
}

resource "aws_iam_policy" "main" {
  count       = 3
  name        = "estate-${count.index}"
  description = "estate"
  policy      = local.read_logs
  tags        = { Name = "estate-${count.index}" }
}

resource "aws_iam_user" "main" {
  count = 3
  name  = "person-${count.index}"
  path  = "/people/"
  tags  = { Name = "person-${count.index}" }
}

resource "aws_iam_user_policy" "main" {
  count  = 2
  name   = "read-logs"
  user   = aws_iam_user.main[count.index].name
  policy = local.read_logs
}

resource "aws_iam_user_policy_attachment" "main" {
  user       = aws_iam_user.main[0].name
  policy_arn = aws_iam_policy.main[1].arn
}

resource "aws_iam_group" "main" {
  count = 2
  name  = "group-${count.index}"
}

resource "aws_iam_group_policy" "main" {
  count  = 2
  name   = "read-logs"
  group  = aws_iam_group.main[count.index].name
  policy = local.read_logs
}

resource "aws_iam_group_policy_attachment" "main" {
  group      = aws_iam_group.main[0].name
  policy_arn = aws_iam_policy.main[1].arn
}

resource "aws_iam_group_membership" "main" {
  name  = "members"
  group = aws_iam_group.main[0].name
  users = [aws_iam_user.main[0].name, aws_iam_user.main[1].name]
}

resource "aws_iam_user_group_membership" "main" {
  user   = aws_iam_user.main[2].name
  groups = [aws_iam_group.main[1].name]
}

resource "aws_iam_instance_profile" "main" {
  count = 2
  name  = "profile-${count.index}"
  role  = aws_iam_role.beside[count.index].name
  tags  = { Name = "estate" }
}

resource "aws_iam_openid_connect_provider" "main" {
  url             = "https://ci.estate.test"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["cf23df2207d99a74fbe169e3eba035e633b65d94"]
  tags            = { Name = "estate" }
}

resource "aws_iam_account_password_policy" "main" {
  minimum_password_length      = 14
  require_lowercase_characters = true
  require_numbers              = true
  require_symbols              = true
  require_uppercase_characters = true
}

resource "aws_kms_key" "main" {
  count                   = 3
  description             = "estate ${count.index}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = { Name = "estate-${count.index}" }
}

resource "aws_kms_alias" "main" {
  count         = 2
  name          = "alias/estate-${count.index}"
  target_key_id = aws_kms_key.main[count.index].key_id
}

resource "aws_kms_key_policy" "main" {
  key_id = aws_kms_key.main[2].key_id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Root"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_secretsmanager_secret" "main" {
  count                   = 3
  name                    = "estate-${count.index}"
  description             = "estate"
  recovery_window_in_days = 0
  tags                    = { Name = "estate-${count.index}" }
}

resource "aws_secretsmanager_secret_policy" "main" {
  secret_arn = aws_secretsmanager_secret.main[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

resource "aws_secretsmanager_secret_version" "main" {
  secret_id     = aws_secretsmanager_secret.main[0].id
  secret_string = "planted-secret-of-the-estate"
}

resource "aws_ssm_parameter" "main" {
  count = 2
  name  = "/estate/parameter-${count.index}"
  type  = "String"
  value = "planted-parameter-of-the-estate"
  tags  = { Name = "estate" }
}

resource "aws_ssm_document" "main" {
  name          = "estate"
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2"
    description   = "estate"
    mainSteps     = [{ action = "aws:runShellScript", name = "say", inputs = { runCommand = ["echo hello"] } }]
  })
}

resource "aws_cognito_user_pool" "main" {
  count = 2
  name  = "estate-${count.index}"
  tags  = { Name = "estate" }
}

resource "aws_cognito_user_pool_client" "main" {
  name         = "estate"
  user_pool_id = aws_cognito_user_pool.main[0].id
}

resource "aws_acm_certificate" "main" {
  domain_name       = "estate.test"
  validation_method = "DNS"
  tags              = { Name = "estate" }
}
